/** Begins with the specs that take longest, so that no core waits for one at the end; jest itself knows what took long only where it has run before. */
const { default: Sequencer } = require('@jest/test-sequencer');

/** What takes more than ten seconds, the longest first: folders and files of `spec`. */
const long = [
  'stress/',
  'packaging/packaging',
  'types/compilers',
  'mutations/',
  'models/requests-alone',
  'models/requests-restarted',
  'docs/examples',
  'types/types',
  'console/',
  'client/page',
  'journeys/durable-killed',
  'charts/cli',
  'models/',
  'browser/',
  'examples/',
  'react/forms',
  'client/view-equality',
  'actors/hitl-request-machine',
];

const placeOf = ({ path }) => {
  const place = long.findIndex((part) => path.includes(`/spec/${part}`));
  return place < 0 ? long.length : place;
};

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    // Where two are equal, what jest knows of them decides.
    return super.sort(tests).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
};
