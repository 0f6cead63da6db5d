/** A name in one line: line breaks, tabs and backslashes as `\n`, `\r`, `\t` and `\\`, other control characters as `\x1b`. */
export function oneLine(name: string): string {
  const known: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
  return name.replaceAll(
    /[\\\p{Cc}\u2028\u2029]/gu,
    (sign) => known[sign] ?? `\\x${sign.codePointAt(0)!.toString(16).padStart(2, '0')}`,
  );
}
