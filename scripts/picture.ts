/** Draws .github/terminal.svg, the README's picture, from a run of the demo. */

import { runDemo, type ShownStep } from "./demo.ts";

export const OUTPUT = ".github/terminal.svg";
/** Commands that make the picture. */
const SHOWN = [
  / login --project dev-team/,
  /project list/,
  /project switch/,
  /config verify/,
  /^grep/,
];
/** What one run wrote; each writes something else, and the same picture should come of all. */
const CIPHERTEXT =
  "enc:v1:aApr3SFQvVoY3b0f7O-vF4qjV0LD_7vKNUliy3j230uIDOr4mAV7lwlZvm721-sWFFeWWIl4VLyFlw";
const COLUMNS = 104;
const LINE_HEIGHT = 18;
const CHARACTER_WIDTH = 7.8;
const PADDING = 16;

interface Line {
  text: string;
  kind: "note" | "command" | "output" | "error";
}

if (import.meta.main) {
  const steps: ShownStep[] = [];
  await runDemo((step) => steps.push(step));
  await Deno.mkdir(".github", { recursive: true });
  await Deno.writeTextFile(OUTPUT, drawPicture(steps));
}

/** The picture of a run as SVG; the same for every run that went well. */
export function drawPicture(steps: ShownStep[]): string {
  const shown = steps.filter(({ command }) => SHOWN.some((pattern) => pattern.test(command)));
  return draw(shown.flatMap(linesOf).slice(0, -1));
}

function linesOf({ note, command, output }: ShownStep): Line[] {
  return [
    { text: `# ${note}`, kind: "note" },
    { text: `$ ${command}`, kind: "command" },
    ...output.trimEnd().replace(/enc:v1:[\w-]+/g, CIPHERTEXT).split("\n").map((text): Line => ({
      text: text.length > COLUMNS ? `${text.slice(0, COLUMNS - 1)}…` : text,
      kind: /^(Error|Hint|Log):/.test(text) ? "error" : "output",
    })),
    { text: "", kind: "output" },
  ];
}

function draw(lines: Line[]): string {
  const width = Math.round(COLUMNS * CHARACTER_WIDTH + 2 * PADDING);
  const height = lines.length * LINE_HEIGHT + 2 * PADDING;
  const texts = lines.map(({ text, kind }, at) =>
    `  <text class="${kind}" x="${PADDING}" y="${PADDING + (at + 1) * LINE_HEIGHT - 5}">${
      escape(text)
    }</text>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A terminal: palette logs in, lists and switches projects, and shows that the stored key is encrypted">
  <style>
    rect { fill: #16181d }
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre; fill: #d7dae0 }
    .note { fill: #8b93a1 }
    .command { fill: #7ee0a1; font-weight: 600 }
    .error { fill: #f0a38a }
  </style>
  <rect width="${width}" height="${height}" rx="8"/>
${texts.join("\n")}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
