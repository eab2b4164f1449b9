/** The public names of express-hitl/testing, one by one. */
export type { Clock } from '../hub/commit/clock';
export type { MessageRecord } from '../protocol/records';
export type { AgentRun, AgentUnderTest, GivenAnswer, Seen } from './agent-run';
export { Coverage, type StateSeen, type TransitionSeen } from './coverage';
export { coverageSvg } from './coverage-picture';
export {
  assertCoverage,
  type CoverageReport,
  coverageText,
  reportCoverage,
  type Share,
  type Threshold,
} from './coverage-report';
export { type CrashCheck, crashAfterEachCommit } from './crash-check';
export { findStrayCalls, type StrayCall } from './find-stray-calls';
export type { Fit, SavedJournal } from './fit';
export { type MachineWatch, watchMachine } from './machine-watch';
export { ManualClock } from './manual-clock';
export { type Finding, ModelFailure, type Search } from './model-failure';
export type {
  EventOf,
  EventPayload,
  EventTest,
  EventTypeOf,
  FuzzOptions,
  ModelOptions,
  Path,
  Perform,
  RaceOptions,
  Schedule,
  Step,
  SystemSource,
  TestResult,
} from './model-options';
export type { RandomWalkOptions, SimplePathBounds } from './paths';
export { type PrefixReplay, replayEveryPrefix } from './replay-prefixes';
export { replayJournal, saveJournal } from './saved-journal';
export { scheduledStore } from './scheduled-store';
export {
  type Matcher,
  type Refused,
  type TestAnswer,
  TestClient,
  type TestClientOptions,
  type TestFrame,
} from './test-client';
export {
  type ConnectOptions,
  connectTestClient,
  fireDeadlines,
  type GivenOptions,
  type InboxConnectOptions,
  restartHub,
  startTestHub,
  TestHub,
  type TestHubOptions,
  userFromHeader,
} from './test-hub';
export { TestModel, type TestOptions, testModel } from './test-model';
