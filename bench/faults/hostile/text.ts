import { oddNumbers, oddTexts, type Draws } from './draws.ts';

/** A list of lines with one of them, or a word in it, changed, doubled, moved or taken out. */
export function changedLines(seed: Buffer, draws: Draws): Buffer {
  const lines = seed.toString('utf8').split('\n');
  const at = draws.below(lines.length);
  const words = lines[at]!.split(/([\s,]+)/);
  const word = 2 * draws.below(Math.ceil(words.length / 2));
  switch (draws.below(7)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(draws.below(lines.length), 0, lines[at]!);
      break;
    case 2:
      lines[at] += draws.of(['\r', ' ', ' # what', ' 1', '\t']);
      break;
    case 3:
      words[word] = draws.of(oddTexts);
      lines[at] = words.join('');
      break;
    case 4:
      words.splice(word, 2);
      lines[at] = words.join('');
      break;
    case 5:
      return Buffer.from(`\ufeff${lines.join('\n')}`);
    default:
      words[word] = String(draws.of([...oddNumbers, 2, 3, 999_999_999_999]));
      lines[at] = words.join('');
  }
  return Buffer.from(lines.join('\n'));
}

const names = ['name', 'object', 'bndbox', 'xmin', 'size', 'width', 'annotation', 'toString', '__proto__', 'a:b'];

/** XML that stays well-formed: an element emptied, doubled, renamed, nested, moved, or with other text or attributes. */
export function changedXml(seed: Buffer, draws: Draws): Buffer {
  const text = seed.toString('utf8');
  const elements = [...text.matchAll(/<([\w:]+)[^<>]*?(?<!\/)>/g)];
  if (elements.length === 0) return seed;
  const { 0: open, 1: name = '', index: from } = draws.of(elements);
  const end = endOf(text, from, name);
  if (end === undefined) return seed;
  const inner = text.slice(from + open.length, end - name.length - 3);
  const whole = (content: string, called = name, attributes = ''): string =>
    `${text.slice(0, from)}<${called}${attributes}>${content}</${called}>${text.slice(end)}`;
  const escaped = draws.of(oddTexts).replaceAll(/[<&\0]/g, '.');
  const changes: (() => string)[] = [
    () => whole(''),
    () => `${text.slice(0, from)}<${name}/>${text.slice(end)}`,
    () => text.slice(0, end) + text.slice(from),
    () => whole(inner, draws.of(names)),
    () => whole(childOf(draws)),
    () => whole(escaped),
    () => whole(String(draws.of(oddNumbers))),
    () => whole(inner, name, ` ${draws.of(names)}="${escaped.replaceAll('"', '')}"`),
    () => whole(`<![CDATA[${inner.replaceAll(']]>', '')}]]>`),
    () => whole(`<!-- ${escaped.replaceAll('-', '')} -->${inner}`),
    () => nestedIn(whole, inner, draws),
    () => whole(`${inner}<${draws.of(names)}/>`),
    () => text.replace('<annotation>', '<!DOCTYPE a [<!ENTITY lol "lol">]><annotation>'),
  ];
  return Buffer.from(draws.of(changes)());
}

function childOf(draws: Draws): string {
  const name = draws.of(names);
  return `<${name}>1</${name}>`;
}

function nestedIn(whole: (content: string) => string, inner: string, draws: Draws): string {
  const name = draws.of(names);
  const depth = draws.of([1, 50, 2000]);
  return whole(`<${name}>`.repeat(depth) + inner + `</${name}>`.repeat(depth));
}

/** Where the element that begins at `from` ends. */
function endOf(text: string, from: number, name: string): number | undefined {
  let depth = 0;
  const tags = new RegExp(`<(/?)${name}(?=[\\s/>])[^<>]*?(/?)>`, 'g');
  tags.lastIndex = from;
  for (let tag = tags.exec(text); tag !== null; tag = tags.exec(text)) {
    if (tag[2] === '/') continue;
    depth += tag[1] === '/' ? -1 : 1;
    if (depth === 0) return tag.index + tag[0].length;
  }
  return undefined;
}
