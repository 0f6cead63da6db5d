import sharp from 'sharp';
import { randomKey, uniform } from '@selfsup/kit/random';

/** Size of the picture in pixels. */
export const sceneSize = { width: 2560, height: 1920 } as const;

/** A stream of random numbers for drawing. */
function drawing(seed: number) {
  const key = randomKey(seed, 'scene');
  let counter = 0;
  const next = (): number => uniform(key, counter++);
  const between = (low: number, high: number): number => low + (high - low) * next();
  return {
    between,
    chance: (probability: number): boolean => next() < probability,
    whole: (low: number, high: number): number => Math.floor(between(low, high + 1)),
    colour: (
      hue: readonly [number, number],
      saturation: readonly [number, number],
      light: readonly [number, number],
    ): string =>
      `hsl(${between(...hue).toFixed(0)},${between(...saturation).toFixed(0)}%,${between(...light).toFixed(0)}%)`,
  };
}
type Drawing = ReturnType<typeof drawing>;

const n = (value: number): string => value.toFixed(1);
const rect = (x: number, y: number, w: number, h: number, fill: string, more = ''): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${fill}" ${more}/>`;
const circle = (x: number, y: number, r: number, fill: string, more = ''): string =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}" fill="${fill}" ${more}/>`;

/** A house front: bricks in rows, windows with curtains, a balcony here and there. */
function house(d: Drawing, x: number, width: number, top: number, bottom: number): string {
  const parts = [rect(x, top, width, bottom - top, d.colour([0, 60], [15, 55], [25, 60]))];
  const brick = d.between(9, 16);
  for (let y = top; y < bottom; y += brick) {
    for (let bx = x - d.between(0, 24); bx < x + width; bx += 26) {
      if (d.chance(0.55))
        parts.push(
          rect(
            Math.max(x, bx),
            y,
            Math.min(24, x + width - bx),
            brick - 2,
            d.colour([0, 50], [20, 60], [20, 65]),
            'opacity=".55"',
          ),
        );
    }
  }
  const columns = Math.max(2, Math.floor(width / d.between(70, 110)));
  const step = width / columns;
  for (let y = top + 40; y < bottom - 120; y += d.between(105, 150)) {
    for (let c = 0; c < columns; c++) {
      const [wx, ww, wh] = [x + c * step + step * 0.2, step * 0.6, 74];
      parts.push(rect(wx - 5, y - 5, ww + 10, wh + 10, d.colour([20, 60], [5, 40], [70, 92])));
      parts.push(
        rect(
          wx,
          y,
          ww,
          wh,
          d.chance(0.3) ? d.colour([40, 55], [70, 95], [60, 78]) : d.colour([190, 230], [20, 60], [15, 45]),
        ),
      );
      for (let fold = 0; fold < 5; fold++) {
        if (d.chance(0.5))
          parts.push(rect(wx + (fold * ww) / 5, y, ww / 9, wh, d.colour([0, 359], [30, 80], [40, 80]), 'opacity=".6"'));
      }
      parts.push(rect(wx + ww / 2 - 2, y, 4, wh, '#ddd'), rect(wx, y + wh / 2 - 2, ww, 4, '#ddd'));
      if (d.chance(0.3))
        for (let k = 0; k < 14; k++)
          parts.push(
            circle(
              wx + d.between(0, ww),
              y + wh + d.between(-6, 12),
              d.between(3, 9),
              d.colour([80, 360], [50, 95], [35, 65]),
            ),
          );
    }
  }
  return parts.join('');
}

/** A sign with strokes that look like writing in no script. */
function sign(d: Drawing, x: number, y: number, w: number, h: number): string {
  const parts = [
    rect(
      x,
      y,
      w,
      h,
      d.colour([0, 359], [55, 95], [30, 60]),
      `stroke="${d.colour([0, 359], [20, 90], [70, 95])}" stroke-width="5"`,
    ),
  ];
  const ink = d.colour([0, 359], [0, 60], [85, 98]);
  const isTall = h > w;
  const cell = Math.min(w, h) * 0.8;
  for (let at = cell * 0.15; at + cell <= Math.max(w, h); at += cell * 1.05) {
    const [cx, cy] = isTall ? [x + w * 0.1, y + at] : [x + at, y + h * 0.1];
    for (let stroke = 0; stroke < d.whole(3, 7); stroke++) {
      const point = (): string => `${n(cx + d.between(0.05, 0.95) * cell)} ${n(cy + d.between(0.05, 0.95) * cell)}`;
      parts.push(
        `<path d="M${point()} Q${point()} ${point()}" stroke="${ink}" stroke-width="${n(cell / 9)}" fill="none" stroke-linecap="round"/>`,
      );
    }
  }
  return parts.join('');
}

/** An awning in stripes with scallops. */
function awning(d: Drawing, x: number, y: number, w: number): string {
  const [one, two] = [d.colour([0, 359], [55, 90], [35, 60]), d.colour([30, 60], [20, 80], [80, 95])];
  const stripe = d.between(16, 34);
  let parts = '';
  for (let sx = 0, k = 0; sx < w; sx += stripe, k++) {
    const fill = k % 2 ? one : two;
    parts += `<path d="M${n(x + sx)} ${n(y)} l${n(stripe)} 0 l8 70 a${n(stripe / 2)} 14 0 0 1 -${n(stripe)} 0 z" fill="${fill}"/>`;
  }
  return parts;
}

/** A crate of fruit: round things with a light and a shade, in rows. */
function crate(d: Drawing, x: number, y: number, w: number): string {
  const parts = [rect(x, y, w, 44, d.colour([25, 40], [35, 60], [30, 50]))];
  for (let plank = 0; plank < 3; plank++)
    parts.push(rect(x, y + 4 + plank * 14, w, 9, d.colour([25, 42], [35, 65], [40, 65])));
  const hue = d.between(0, 140);
  const r = d.between(7, 17);
  for (let row = 0; row < 3; row++) {
    for (let fx = x + r; fx < x + w - r / 2; fx += r * 1.7) {
      const [cx, cy] = [fx + d.between(-3, 3), y - row * r * 0.9 + d.between(-3, 3)];
      parts.push(circle(cx, cy, r, d.colour([hue - 12, hue + 12], [65, 98], [35, 58])));
      parts.push(
        circle(cx - r * 0.3, cy - r * 0.35, r * 0.28, '#fff', 'opacity=".55"'),
        circle(cx + r * 0.25, cy + r * 0.3, r * 0.55, '#000', 'opacity=".13"'),
      );
    }
  }
  return parts.join('');
}

/** Someone seen from behind or in front, in patterned clothes. */
function person(d: Drawing, x: number, feet: number, tall: number): string {
  const w = tall * d.between(0.2, 0.27);
  const [skin, hair, cloth] = [
    d.colour([18, 34], [25, 60], [30, 78]),
    d.colour([15, 45], [10, 60], [8, 50]),
    d.colour([0, 359], [25, 85], [25, 70]),
  ];
  const [head, neck, hip] = [tall * 0.075, feet - tall * 0.84, feet - tall * 0.46];
  const leg = d.colour([190, 260], [10, 60], [12, 45]);
  const parts = [
    rect(x - w * 0.36, hip, w * 0.32, tall * 0.46, leg),
    rect(x + w * 0.06, hip, w * 0.32, tall * 0.46, leg),
  ];
  parts.push(
    `<path d="M${n(x - w / 2)} ${n(neck + 8)} q${n(w / 2)} -16 ${n(w)} 0 l${n(w * 0.12)} ${n(hip - neck)} l${n(-w * 1.24)} 0 z" fill="${cloth}"/>`,
  );
  const other = d.colour([0, 359], [30, 90], [40, 85]);
  const pattern = d.whole(0, 3);
  for (let y = neck + 14; y < hip - 6; y += d.between(7, 14)) {
    if (pattern === 0) parts.push(rect(x - w * 0.5, y, w, 4, other));
    if (pattern === 1) for (let px = -0.4; px < 0.45; px += 0.2) parts.push(circle(x + px * w, y, 3.2, other));
    if (pattern === 2)
      parts.push(
        `<path d="M${n(x - w * 0.5)} ${n(y)} l${n(w / 4)} 6 l${n(w / 4)} -6 l${n(w / 4)} 6 l${n(w / 4)} -6" stroke="${other}" stroke-width="3" fill="none"/>`,
      );
  }
  parts.push(
    circle(x, neck - head * 0.4, head, skin),
    `<path d="M${n(x - head)} ${n(neck - head * 0.5)} a${n(head)} ${n(head * 1.1)} 0 0 1 ${n(2 * head)} 0 q${n(-head)} ${n(-head * 0.7)} ${n(-2 * head)} 0" fill="${hair}"/>`,
  );
  if (d.chance(0.35))
    parts.push(rect(x + w * 0.45, hip - 20, w * 0.5, w * 0.6, d.colour([0, 359], [30, 80], [30, 70])));
  return parts.join('');
}

/** A tree: branches that fork, with leaves at their ends. */
function tree(d: Drawing, x: number, y: number, length: number, angle: number, depth: number): string {
  const [tx, ty] = [x + Math.cos(angle) * length, y + Math.sin(angle) * length];
  const branch = `<path d="M${n(x)} ${n(y)} L${n(tx)} ${n(ty)}" stroke="${d.colour([20, 40], [20, 50], [14, 30])}" stroke-width="${n(depth * 2.6)}" stroke-linecap="round"/>`;
  if (depth <= 1) {
    let leaves = branch;
    for (let k = 0; k < 9; k++) {
      const turn = d.whole(0, 179);
      const [lx, ly] = [tx + d.between(-20, 20), ty + d.between(-20, 20)];
      leaves += `<ellipse cx="${n(lx)}" cy="${n(ly)}" rx="${n(d.between(5, 11))}" ry="${n(d.between(2, 5))}" transform="rotate(${turn} ${n(lx)} ${n(ly)})" fill="${d.colour([70, 135], [35, 80], [18, 55])}"/>`;
    }
    return leaves;
  }
  let all = branch;
  for (let k = 0; k < 3; k++)
    all += tree(d, tx, ty, length * d.between(0.62, 0.82), angle + d.between(-0.75, 0.75), depth - 1);
  return all;
}

/** The scene as SVG: a market street, from far to near. A function of the seed alone. */
function sceneSvg(seed = 7): string {
  const { width, height } = sceneSize;
  const d = drawing(seed);
  const parts: string[] = [];
  for (let k = 0; k < 60; k++)
    parts.push(
      `<ellipse cx="${n(d.between(0, width))}" cy="${n(d.between(0, 420))}" rx="${n(d.between(40, 260))}" ry="${n(d.between(10, 50))}" fill="#fff" opacity="${n(d.between(0.1, 0.5))}"/>`,
    );
  for (const [from, most] of [
    [140, 260],
    [300, 420],
  ] as const) {
    for (let x = -60; x < width;) {
      const w = d.between(210, 400);
      parts.push(house(d, x, w, d.between(from, most), 1300));
      x += w + d.between(-20, 14);
    }
  }
  for (let k = 0; k < 9; k++)
    parts.push(tree(d, d.between(0, width), 1290, d.between(90, 150), -Math.PI / 2 + d.between(-0.2, 0.2), 5));
  for (let k = 0; k < 46; k++) {
    const isTall = d.chance(0.5);
    const [a, b] = [d.between(46, 90), d.between(150, 380)];
    parts.push(sign(d, d.between(0, width - 100), d.between(330, 1050), isTall ? a : b, isTall ? b : a));
  }
  for (let k = 0; k < 26; k++) {
    const y = d.between(380, 820);
    const x = d.between(-200, width);
    const span = d.between(500, 1300);
    parts.push(
      `<path d="M${n(x)} ${n(y)} q${n(span / 2)} ${n(d.between(60, 160))} ${n(span)} 0" stroke="#222" stroke-width="2.5" fill="none"/>`,
    );
    for (let f = 0.06; f < 0.95; f += d.between(0.04, 0.09)) {
      const [lx, ly] = [x + f * span, y + 4 * f * (1 - f) * 55];
      parts.push(
        circle(lx, ly + 13, d.between(9, 16), d.colour([0, 359], [70, 98], [50, 68])),
        circle(lx - 4, ly + 8, 4, '#fff', 'opacity=".6"'),
      );
    }
  }
  parts.push(rect(0, 1290, width, height - 1290, '#8d8578'));
  for (let y = 1290; y < height;) {
    const h = 12 + (y - 1290) / 14;
    for (let x = -d.between(0, 50); x < width;) {
      const w = h * d.between(1.4, 2.2);
      parts.push(rect(x, y, w - 2, h - 2, d.colour([20, 60], [4, 22], [36, 66])));
      x += w;
    }
    y += h;
  }
  for (const [y, scale] of [
    [1240, 1],
    [1480, 1.2],
    [1700, 1.4],
  ] as const) {
    for (let x = -40; x < width;) {
      const w = d.between(180, 330) * scale;
      if (d.chance(0.75)) {
        parts.push(rect(x + 6, y - 190, 9, 200, '#4a3a2a'), rect(x + w - 15, y - 190, 9, 200, '#4a3a2a'));
        for (let cx = x; cx < x + w - 60; cx += d.between(80, 110))
          parts.push(crate(d, cx, y - d.between(10, 26), d.between(70, 96)));
        parts.push(awning(d, x - 8, y - 230, w + 16));
      }
      x += w + d.between(0, 70);
    }
    for (let k = 0; k < 34; k++)
      parts.push(person(d, d.between(0, width), y + d.between(20, 190), d.between(165, 215) * scale));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#5b86c4"/><stop offset="1" stop-color="#f6dcb4"/></linearGradient>
</defs><rect width="${width}" height="${height}" fill="url(#sky)"/>${parts.join('')}</svg>`;
}

/** The scene as raw pixels, with grain so that no surface is flat: [height, width, 3], scaled to `width` pixels. */
export async function renderScene(
  width: number = sceneSize.width,
): Promise<{ data: Buffer; height: number; width: number }> {
  const image = sharp(Buffer.from(sceneSvg()), { unlimited: true }).removeAlpha().resize(width);
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const key = randomKey(7, 'grain');
  for (let i = 0; i < data.length; i += 3) {
    const grain = (uniform(key, i) + uniform(key, i + 1) - 1) * 26;
    for (let c = 0; c < 3; c++) data[i + c] = Math.min(255, Math.max(0, data[i + c]! + grain));
  }
  return { data, height: info.height, width: info.width };
}
