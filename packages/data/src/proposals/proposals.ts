export { openProposals, sealProposals, writeProposals, type Proposals } from './proposal-files.ts';
export { readPublishedBoxes, type NamedBoxes } from './published.ts';
export { searchDataset } from './search.ts';
