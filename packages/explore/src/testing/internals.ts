export { gatherNetwork, type NetworkSource } from '../make/gather-network.ts';
export { testImages } from '../make/test-images.ts';
export { turned } from '../page/turned.ts';
export type { PanelFacts } from '../panel.ts';
export { runNetwork, type RunningNetwork } from '../running-network.ts';
export { openPage, type OpenPage } from './chromium.ts';
