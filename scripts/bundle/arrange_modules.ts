/**
 * Arranges the modules of a bundle so that an everyday start pays for little more than what it
 * runs. Two facts about V8 make the difference. It compiles a function when it is first called and
 * keeps none of that for the next start, except functions in parentheses: those it compiles with
 * the file, and Deno caches them. And the cache has an entry for each function at the top of the
 * file, called or not, which every start reads; a function inside another has none.
 *
 * So functions that short everyday commands run get parentheses, and all modules that no everyday
 * command needs become the body of one function, which is called when the first of them is needed.
 *
 * It works on the text that esbuild writes when it does not minify: each module is a comment with
 * its name, its functions, and `var init_NAME = __esm({ "NAME"() { ... } })` with the rest.
 */

/** Paths may have spaces: the cache of Deno lies in the home folder. */
import type { EverydayFunctions } from "./everyday_functions.ts";

const MODULE_START = /^(?=\/\/ \S.*\.(?:ts|js|mjs)$)/m;
const MODULE =
  /^([\s\S]*?= )__esm\(\{\n {2}(async )?"[^"\n]+"\(\) \{([\s\S]*?)\n {2}}\n}\);([\s\S]*)$/;
const FUNCTION = /^(?:async )?function\*? (\w+)\([\s\S]*?\n}$/gm;
/** Of a module that starts at once, and of one that has to be awaited. */
const DYNAMIC_IMPORT =
  /Promise\.resolve\(\)\.then\(\(\) => \((init_\w+)\(\), (\w+)\)\)|(init_\w+)\(\)\.then\(\(\) => (\w+)\)/g;

/** A call that no minifier may touch, since it knows nothing about it; it goes in the end. */
const EAGER_OPEN = /__eager\("\[", ?/g;
const EAGER_CLOSE = /, ?"]"\)/g;

/**
 * @param bundle What `deno bundle` writes without `--minify`.
 * @param functions With a module, all that it imports statically must be among the everyday ones.
 * @returns Code to be minified and then given to {@linkcode revealEagerFunctions}.
 * @throws {Error} The text is not arranged as esbuild does it, or an everyday module needs another.
 */
export function arrangeModules(
  bundle: string,
  { everyday, eager }: EverydayFunctions,
): string {
  const [helpers = "", ...modules] = bundle.split(MODULE_START);
  const entry = modules.pop();
  if (entry === undefined) throw new Error("the bundle names no module");
  const first: string[] = [];
  const others: string[] = [];
  for (const module of modules) {
    const place = everyday.has(nameOf(module)) ? first : others;
    place.push(rewriteModule(module, eager));
  }
  const linked = linkToOthers(first.join("") + entry, others.join(""));
  return [
    "var __init = (run, result) => () => (run && (result = run(run = 0)), result);\n",
    helpers,
    linked.text,
    "var __loaded;\nfunction __others() {\n  return __loaded ??= __load();\n}\n",
    `function __load() {\n${others.join("")}\nreturn {${linked.exports.join(", ")}};\n}\n`,
  ].join("");
}

/** Turns the marks of {@linkcode arrangeModules} into the parentheses that V8 looks for. */
export function revealEagerFunctions(minified: string): string {
  return minified.replace(EAGER_OPEN, "(").replace(EAGER_CLOSE, ")");
}

function nameOf(module: string): string {
  return module.slice("// ".length, module.indexOf("\n"));
}

/**
 * Takes its name out of a module, which is a path of the machine that builds. Nothing runs before
 * the last line of the file, so functions may be variables where they stand.
 */
function rewriteModule(module: string, eager: ReadonlySet<string>): string {
  const parts = MODULE.exec(module);
  if (parts === null) throw new Error(`the bundle does not say how ${nameOf(module)} starts`);
  const [, head = "", async = "", body = "", rest = ""] = parts;
  // A module whose own comment was not found would stay as it is, with its path.
  if (/^var \w+ = __(?:esm|commonJS)\(/m.test(rest)) {
    throw new Error(`the bundle does not say where what follows ${nameOf(module)} starts`);
  }
  const functions = head.slice(head.indexOf("\n")).replace(
    FUNCTION,
    (text, name) => eager.has(name) ? `var ${name} = ${mark(text)};` : text,
  );
  const init = `${async}() => {${body}\n}`;
  return `${functions}__init(${eager.has(nameOf(module)) ? mark(init) : init});${rest}`;
}

function mark(code: string): string {
  return `__eager("[", ${code}, "]")`;
}

/**
 * Asks the one function for the other modules where everyday code imports them dynamically.
 *
 * @returns The code, and the exports that the function has to have.
 * @throws {Error} Everyday code mentions another module in any other way.
 */
function linkToOthers(code: string, others: string): { text: string; exports: string[] } {
  const inits = new Set(others.match(/(?<=^var )(?:init|require)_\w+(?= = )/gm));
  const exports = new Map<string, string>();
  const text = code.replace(DYNAMIC_IMPORT, (all, init, namespace, awaitedInit, awaited) => {
    if (!inits.has(init ?? awaitedInit)) return all;
    if (init === undefined) {
      exports.set(awaited, `${awaited}: () => ${awaitedInit}().then(() => ${awaited})`);
      return `__others().${awaited}()`;
    }
    exports.set(namespace, `${namespace}: () => (${init}(), ${namespace})`);
    return `Promise.resolve().then(() => __others().${namespace}())`;
  });
  const missing = text.match(/\b(?:init|require)_\w+/g)?.find((name) => inits.has(name));
  if (missing !== undefined) throw new Error(`everyday modules of the bundle need ${missing}`);
  return { text, exports: [...exports.values()] };
}
