export { scatterSvg } from './scatter-svg.ts';
export { lineChart } from './svg-chart.ts';
