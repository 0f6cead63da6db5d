/** The image names of a split, one a line. Throws `Error` where one is no name, and where there is none. */
export function readImageList(content: string): string[] {
  const names = content
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (names.length === 0) throw new Error('it names no image');
  const odd = names.findIndex((name) => /[/\\\p{Cc}]/u.test(name));
  if (odd >= 0) throw new Error(`line ${odd + 1} is no name of an image: ${JSON.stringify(names[odd])}`);
  return names;
}

/** The class list of a split: name and 1, 0 (only difficult ones) or -1 a line. Throws `Error` for another line. */
export function readClassList(content: string): Map<string, number> {
  const flags = new Map<string, number>();
  content.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const [, name, flag] = /^\s*(\S.*?)\s+(-1|0|1)\s*$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`line ${i + 1} is not of the form "000012  1": ${JSON.stringify(line)}`);
    flags.set(name, Number(flag));
  });
  return flags;
}

/**
 * Presence of each class for each image of a split, from the lists of the classes. Throws `Error` where a list lacks an
 * image or is missing.
 */
export function presenceOf(
  names: readonly string[],
  classes: readonly string[],
  lists: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Map<string, number[]> {
  const presence = new Map<string, number[]>();
  for (const name of names) {
    const flags = classes.map((className) => {
      const list = lists.get(className);
      if (list === undefined) throw new Error(`the list of ${className} is missing`);
      const flag = list.get(name);
      if (flag === undefined) throw new Error(`the list of ${className} has ${list.size} rows and none for ${name}`);
      return flag;
    });
    presence.set(name, flags);
  }
  return presence;
}
