/** Draws .github/terminal.svg, the README's picture, from a run of the demo. */

import { runDemo, type Step } from "./demo.ts";

const OUTPUT = ".github/terminal.svg";
/** Commands that make the picture. */
const SHOWN = [/ login/, /project list/, /project switch/, /config verify/, /^grep/];
const COLUMNS = 92;
const LINE_HEIGHT = 18;
const CHARACTER_WIDTH = 7.8;
const PADDING = 16;

interface Line {
  text: string;
  kind: "note" | "command" | "output" | "error";
}

if (import.meta.main) {
  const lines: Line[] = [];
  await runDemo((note, step) => {
    if (SHOWN.some((pattern) => pattern.test(step.command))) lines.push(...linesOf(note, step));
  });
  await Deno.mkdir(".github", { recursive: true });
  await Deno.writeTextFile(OUTPUT, draw(lines.slice(0, -1)));
}

function linesOf(note: string, { command, output }: Step): Line[] {
  return [
    { text: `# ${note}`, kind: "note" },
    { text: `$ ${command}`, kind: "command" },
    ...output.trimEnd().split("\n").map((text): Line => ({
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
