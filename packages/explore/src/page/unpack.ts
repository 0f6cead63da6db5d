/** What a block of the page holds: bytes, deflated, in base64. */
export async function unpack(block: string): Promise<ArrayBuffer> {
  const text = atob(document.getElementById(block)!.textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).arrayBuffer();
}
