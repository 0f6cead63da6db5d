import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

/** A Chromium of this machine: SELFSUP_CHROMIUM, or the first on the path; undefined where there is none. */
export const chromium = process.env['SELFSUP_CHROMIUM'] ?? findChromium();

function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** How a page is looked at. */
interface View {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
  /** Whether the person has asked for less motion. */
  readonly still?: boolean;
}

interface Opening {
  /** A port of this machine that answers for all hosts `*.example`. */
  readonly answering?: number;
}

/** Pixels from the left upper corner of the window. */
type Point = readonly [x: number, y: number];

/** A part of a page, from its upper left corner on. */
interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A page in a browser without a network. */
export interface OpenPage {
  /** Addresses of all that it asked for, itself first. */
  readonly requests: readonly string[];
  /** What it wrote to the console, errors and refusals of its policy included. */
  readonly said: readonly string[];
  /** The value of an expression in the page, which may be a promise. Throws what it throws. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Presses and releases a key, as `ArrowRight`. */
  press(key: string): Promise<void>;
  /** Presses the pointer at one point of the window, moves it to another, and lets go there. */
  drag(from: Point, to: Point): Promise<void>;
  look(view: View): Promise<void>;
  /** What is seen of the page, or a part of it in its own pixels, as PNG. */
  screenshot(part?: Part): Promise<Uint8Array>;
  close(): Promise<void>;
}

type Message = Readonly<Record<string, unknown>>;

/** What is read of the events of a page, each of which has one of these. */
interface PageEvent {
  readonly request: { readonly url: string };
  readonly args: readonly { readonly value?: unknown; readonly description?: string }[];
  readonly entry: { readonly level: string };
}

/**
 * Opens a file in a headless Chromium of its own over the DevTools protocol, with the network off; or with it on, all hosts
 * `*.example` being this machine at the port `answering`. (What Chromium asks for itself goes nowhere.)
 */
export async function openPage(file: string, { answering }: Opening = {}): Promise<OpenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'selfsup-chromium-'));
  const child = spawn(
    chromium!,
    [
      ...['--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--no-proxy-server'],
      `--host-resolver-rules=${answering === undefined ? '' : `MAP *.example 127.0.0.1:${answering}, `}MAP * ~NOTFOUND`,
      `--user-data-dir=${profile}`,
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
  );
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const requests: string[] = [];
  const said: string[] = [];
  const listeners = new Map<string, () => void>();
  const send = protocol(child.stdio[3] as Writable, child.stdio[4] as Readable, ({ method, params }) => {
    const event = params as unknown as PageEvent;
    if (method === 'Network.requestWillBeSent') requests.push(event.request.url);
    if (method === 'Runtime.consoleAPICalled')
      said.push(event.args.map((arg) => String(arg.value ?? arg.description)).join(' '));
    // Of what there is to compute with, Chromium warns on its own.
    const isError = method === 'Log.entryAdded' && event.entry.level === 'error';
    if (isError || method === 'Runtime.exceptionThrown') said.push(JSON.stringify(params));
    listeners.get(String(method))?.();
  });
  const close = async (): Promise<void> => {
    // With all its processes: one that outlives the first writes on into the folder that is being removed.
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    const ask = (method: string, params: Message = {}): Promise<Message> => send(method, params, String(sessionId));
    for (const domain of ['Network', 'Page', 'Runtime', 'Log']) await ask(`${domain}.enable`);
    const none = { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 };
    if (answering === undefined) await ask('Network.emulateNetworkConditions', none);
    const loaded = new Promise<void>((done) => listeners.set('Page.loadEventFired', done));
    await ask('Page.navigate', { url: pathToFileURL(file).href });
    await loaded;
    return {
      requests,
      said,
      close,
      async evaluate<Value>(expression: string) {
        const settings = { expression, awaitPromise: true, returnByValue: true };
        const { result, exceptionDetails } = await ask('Runtime.evaluate', settings);
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
        return (result as { value: Value }).value;
      },
      async press(key) {
        for (const type of ['keyDown', 'keyUp'])
          await ask('Input.dispatchKeyEvent', { type, key, code: key, ...keyCode(key) });
      },
      async drag(from, to) {
        const steps = [['mousePressed', from], ['mouseMoved', to], ['mouseReleased', to]] as const; // prettier-ignore
        for (const [type, [x, y]] of steps)
          await ask('Input.dispatchMouseEvent', { type, x, y, button: 'left', buttons: 1, clickCount: 1 });
      },
      async look({ width, height, dark = false, still = false }) {
        await ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
        const features = [
          { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
          { name: 'prefers-reduced-motion', value: still ? 'reduce' : 'no-preference' },
        ];
        await ask('Emulation.setEmulatedMedia', { features });
      },
      async screenshot(part) {
        const clip = part && { clip: { ...part, scale: 1 } };
        const { data } = await ask('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, ...clip });
        return Buffer.from(data as string, 'base64');
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function keyCode(key: string): { windowsVirtualKeyCode: number } {
  const codes: Readonly<Record<string, number>> = { Tab: 9, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 };
  return { windowsVirtualKeyCode: codes[key]! };
}

/** The DevTools protocol over two pipes: JSON, each message ended by a zero. Gives what sends a command and waits for its answer. */
function protocol(
  out: Writable,
  back: Readable,
  onEvent: (message: Message) => void,
): (method: string, params: Message, sessionId?: string) => Promise<Message> {
  const waiting = new Map<number, { done(answer: Message): void; failed(error: Error): void }>();
  let rest = '';
  let next = 0;
  const fail = (): void => {
    for (const { failed } of waiting.values()) failed(new Error('Chromium ended'));
    waiting.clear();
  };
  back.setEncoding('utf8');
  back.on('data', (text: string) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop()!;
    for (const message of messages.map((one) => JSON.parse(one) as Message)) {
      const asked = waiting.get(Number(message['id']));
      if (asked === undefined) {
        onEvent(message);
        continue;
      }
      waiting.delete(Number(message['id']));
      if (message['error'] === undefined) asked.done(message['result'] as Message);
      else asked.failed(new Error(JSON.stringify(message['error'])));
    }
  });
  back.on('close', fail);
  out.on('error', fail);
  return (method, params, sessionId) => {
    const id = next++;
    const answered = new Promise<Message>((done, failed) => waiting.set(id, { done, failed }));
    out.write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`);
    return answered;
  };
}
