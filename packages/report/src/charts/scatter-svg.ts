import { escapeText } from '../markup/html.ts';

/** Points to draw: places in [0, 1], `y` upwards, and the index of each one's class, -1 for others. */
interface PointMap {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly label: readonly number[];
}

/** Colours of classes on light and on dark paper; the eleventh class has the first colour again and another mark. */
const light = [
  '#24638f',
  '#c4611c',
  '#3d8a50',
  '#b0304f',
  '#7a4f93',
  '#8f7010',
  '#178587',
  '#cf4f96',
  '#5c3d22',
  '#646a70',
];
const dark = [
  '#6cb2e8',
  '#f0a060',
  '#86cf97',
  '#f27a8f',
  '#c49ddb',
  '#dcc05a',
  '#5bd0cb',
  '#f59ccd',
  '#c79a74',
  '#b6bcc2',
];
const size = { width: 460, plot: 400, margin: 30, legendLine: 17, legendColumns: 3 };
/** Points of each class are drawn in so many turns, so that no class lies wholly over another. */
const turns = 5;

/**
 * A map of points coloured by class, its axes named and a legend with the number of points below, as an SVG of its own:
 * light or dark as the reader's system is. Every text is escaped.
 */
export function scatterSvg(map: PointMap): string {
  const { plot, margin, width, legendLine, legendColumns } = size;
  const lines = Math.ceil(map.classes.length / legendColumns);
  const others = map.label.some((label) => label < 0);
  const height = plot + margin + 12 + legendLine * (lines + (others ? 1 : 0));
  const px = (x: number): string => (margin + 6 + x * (plot - 12)).toFixed(1);
  const py = (y: number): string => (plot - 6 - y * (plot - 12)).toFixed(1);
  const path = (label: number, turn: number): string => {
    const places = map.label.flatMap((one, i) =>
      one === label && i % turns === turn ? [mark(label, px(map.x[i] as number), py(map.y[i] as number))] : [],
    );
    return places.length === 0
      ? ''
      : `<path class="${style(label)}" d="${places.join('')}"><title>${titleOf(label)}</title></path>`;
  };
  const titleOf = (label: number): string => escapeText(label < 0 ? 'other classes' : (map.classes[label]?.name ?? ''));
  const labels = [...(others ? [-1] : []), ...map.classes.keys()];
  const points = Array.from({ length: turns }, (_, turn) => labels.map((label) => path(label, turn)).join('')).join('');
  const column = (width - margin) / legendColumns;
  const legend = map.classes.map(({ name, count }, i) => {
    const [x, y] = [margin + column * Math.floor(i / lines), plot + margin + 10 + legendLine * (i % lines)];
    const text = `${name.length > 15 ? `${name.slice(0, 14)}…` : name} (${count})`;
    return `<path class="${style(i)} key" d="${mark(i, String(x + 4), String(y - 4))}"/><text x="${x + 13}" y="${y}">${escapeText(text)}</text>`;
  });
  const rest = map.label.filter((label) => label < 0).length;
  if (others) {
    const y = plot + margin + 10 + legendLine * lines;
    legend.push(
      `<path class="q other key" d="${mark(-1, String(margin + 4), String(y - 4))}"/><text x="${margin + 13}" y="${y}">other classes (${rest})</text>`,
    );
  }
  const axes =
    `<rect class="frame" x="${margin}" y="0.5" width="${plot}" height="${plot - 0.5}"/>` +
    `<text x="${margin + plot / 2}" y="${plot + 16}" text-anchor="middle">${escapeText(map.xLabel)}</text>` +
    `<text transform="translate(${margin - 10} ${plot / 2}) rotate(-90)" text-anchor="middle">${escapeText(map.yLabel)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="scatter" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(describe(map))}"><style>${styles}</style>${axes}${points}${legend.join('')}</svg>`;
}

function style(label: number): string {
  return label < 0 ? 'q other' : `q q${label % light.length}`;
}

/** A dot (a line without length, whose ends are round), or a cross from the eleventh class on. */
function mark(label: number, x: string, y: string): string {
  return label < light.length ? `M${x} ${y}h0` : `M${x} ${y}m-2 -2l4 4m0 -4l-4 4`;
}

function describe({ title, xLabel, yLabel, label, classes }: PointMap): string {
  return `${title}: ${label.length} points by ${xLabel} and ${yLabel}, coloured by ${classes.length} classes.`;
}

const colours = (all: readonly string[]): string =>
  all.map((colour, i) => `.scatter .q${i}{stroke:${colour}}`).join('');
const styles =
  `.scatter{font:12.5px system-ui,sans-serif}.scatter text{fill:#566069}.scatter .frame{fill:none;stroke:#dfddd5}` +
  `.scatter .q{fill:none;stroke-width:4.4;stroke-linecap:round;stroke-opacity:.72}.scatter .other{stroke:#b9b6ac}` +
  `${colours(light)}.scatter .key{stroke-width:8;stroke-opacity:1}` +
  `@media (prefers-color-scheme:dark){.scatter text{fill:#a3adb3}.scatter .frame{stroke:#323a3f}.scatter .other{stroke:#525b61}${colours(dark)}}`;
