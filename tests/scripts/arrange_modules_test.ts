import { assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import { arrangeModules, revealEagerFunctions } from "../../scripts/bundle/arrange_modules.ts";

const HELPERS = `var __export = (target, all) => {
  for (var name in all)
    Object.defineProperty(target, name, { get: all[name], enumerable: true });
};
var __esm = 0;
`;

const SHARED = `
// /home/me/lib/shared.ts
function add(text) {
  log.push(text);
}
var log;
var init_shared = __esm({
  "/home/me/lib/shared.ts"() {
    log = [];
  }
});
`;

const DAILY = `
// lib/daily.ts
var daily_exports = {};
__export(daily_exports, {
  later: () => later,
  run: () => run
});
async function run() {
  add("daily");
  await Promise.resolve().then(() => (init_rare(), rare_exports)).then(({ go }) => go());
  return log;
}
async function later() {
  const { wait } = await init_slow().then(() => slow_exports);
  return wait;
}
var init_daily = __esm({
  "lib/daily.ts"() {
    init_shared();
  }
});
`;

const RARE = `
// lib/rare.ts
var rare_exports = {};
__export(rare_exports, {
  go: () => go
});
function go() {
  add("rare");
}
var init_rare = __esm({
  "lib/rare.ts"() {
    init_shared();
    add("rare starts");
  }
});

// lib/slow.ts
var slow_exports = {};
__export(slow_exports, {
  wait: () => wait
});
var wait;
var init_slow = __esm({
  async "lib/slow.ts"() {
    wait = await Promise.resolve(7);
  }
});

// lib/empty.ts
var init_empty = __esm({
  "lib/empty.ts"() {
  }
});
`;

const ENTRY = `
// main.ts
const { run: run2, later: later2 } = await Promise.resolve().then(() => (init_daily(), daily_exports));
export const result = [await run2(), await later2()];
`;

const FUNCTIONS = new Set(["/home/me/lib/shared.ts", "lib/daily.ts", "add", "run"]);

const EVERYDAY = { everyday: FUNCTIONS, eager: FUNCTIONS };

function arrange(bundle: string): string {
  return arrangeModules(HELPERS + bundle, EVERYDAY);
}

Deno.test("a bundle does the same after its modules are arranged, each starting once", async () => {
  const code = revealEagerFunctions(arrange(SHARED + DAILY + RARE + ENTRY));
  const { result } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  assertEquals(result, [["daily", "rare starts", "rare"], 7]);
});

Deno.test("functions of everyday modules get parentheses, others move into one function", () => {
  const code = revealEagerFunctions(arrange(SHARED + DAILY + RARE + ENTRY));
  assertMatch(code, /^var add = \(function add\(text\)/m);
  assertMatch(code, /^var run = \(async function run\(\)/m);
  assertMatch(code, /^async function later\(\)/m);
  assertMatch(code, /^var init_shared = __init\(\(\(\) => \{\n {4}log = \[\];\n\}\)\);$/m);
  const [before = "", others = ""] = code.split("function __load() {");
  assertNotMatch(before, /function go/);
  assertMatch(others, /^function go\(\)/m);
});

Deno.test("no path of the machine that built it is left in the bundle", () => {
  assertNotMatch(arrange(SHARED + DAILY + RARE + ENTRY), /\/home\/me|lib\/rare/);
});

Deno.test("paths with spaces do not matter", () => {
  const code = (home: string) =>
    arrange((SHARED + DAILY + RARE + ENTRY).replaceAll("lib/rare.ts", `../${home}/npm/rare.js`));
  assertEquals(code("home of me"), code("me"));
});

Deno.test("an everyday module that needs another in any other way is an error", () => {
  const needy = DAILY.replace("init_shared();", "init_shared();\n    init_rare();");
  assertThrows(
    () => arrange(SHARED + needy + RARE + ENTRY),
    Error,
    "everyday modules of the bundle need init_rare",
  );
});

Deno.test("a module that is not written as expected is an error", () => {
  assertThrows(
    () => arrange(SHARED.replace("__esm", "__other") + DAILY + RARE + ENTRY),
    Error,
    "the bundle does not say how /home/me/lib/shared.ts starts",
  );
  assertThrows(
    () => arrange(SHARED + DAILY + RARE.replace("// lib/slow.ts\n", "") + ENTRY),
    Error,
    "the bundle does not say where what follows lib/rare.ts starts",
  );
  assertThrows(
    () => arrangeModules("var a = 1;\n", EVERYDAY),
    Error,
    "the bundle names no module",
  );
});

Deno.test("functions that only long commands run stay as they are, beside the others", () => {
  const functions = { everyday: FUNCTIONS, eager: new Set(["add"]) };
  const code = revealEagerFunctions(
    arrangeModules(HELPERS + SHARED + DAILY + RARE + ENTRY, functions),
  );
  const [before = ""] = code.split("function __load() {");
  assertMatch(before, /^var add = \(function add\(text\)/m);
  assertMatch(before, /^async function run\(\)/m);
  assertMatch(before, /^var init_daily = __init\(\(\) => \{/m);
});
