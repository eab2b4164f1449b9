/** All scenarios, in the order in which they are played. */
import type { Scenario } from '../stage';
import { bigPayloads } from './big-payloads';
import { churn } from './churn';
import { cuts } from './cuts';
import { disconnectDuringJoin } from './disconnect-during-join';
import { hostileFrames } from './hostile-frames';
import { killLoop } from './kill-loop';
import { memory } from './memory';
import { noPong } from './no-pong';
import { quietRoom } from './quiet-room';
import { racingPublishers } from './racing-publishers';
import { recoveryStorm } from './recovery-storm';
import { resumeRace } from './resume-race';
import { rollingDrain } from './rolling-drain';
import { slowReader } from './slow-reader';
import { slowRules } from './slow-rules';
import { strangersScenario } from './strangers';
import { withdrawnAccess } from './withdrawn-access';

export const scenarios: readonly Scenario[] = [
  recoveryStorm,
  resumeRace,
  quietRoom,
  racingPublishers,
  slowReader,
  noPong,
  hostileFrames,
  strangersScenario,
  withdrawnAccess,
  slowRules,
  bigPayloads,
  disconnectDuringJoin,
  churn,
  killLoop,
  cuts,
  rollingDrain,
  memory,
];
