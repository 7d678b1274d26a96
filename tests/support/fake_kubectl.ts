import type { Exec, ExecOptions, ExecResult } from "../../lib/runtime/exec.ts";

/** A call of kubectl, taken apart. */
export interface KubectlCall {
  kubeconfig: string;
  context: string;
  /** What it is to do: `apply --validate=false -f -`. */
  command: string;
  stdin: string | undefined;
  signal: AbortSignal | undefined;
}

export interface KubectlAnswer {
  status?: number;
  stdout?: string;
  stderr?: string;
}

type Play = (call: KubectlCall) => KubectlAnswer | Promise<KubectlAnswer>;

/** Plays a kubectl whose cluster allows everything, until a test says otherwise. */
export class FakeKubectl implements Exec {
  readonly calls: KubectlCall[] = [];
  version: Play = () => ({ stdout: '{"major":"1","minor":"29+","gitVersion":"v1.29.3-gke.1"}' });
  canI: Play = () => ({ stdout: "yes\n" });
  apply: Play = () => ({ stdout: "namespace/cluster-agent created\n" });

  async run(program: string, args: string[], options: ExecOptions): Promise<ExecResult> {
    if (program !== "kubectl") throw new Error(`Unexpected program: ${program}`);
    const call = callOf(args, options);
    this.calls.push(call);
    const { status = 0, stdout = "", stderr = "" } = await this.#playOf(call.command)(call);
    if (status !== 0) options.signal?.throwIfAborted();
    return { status, stdout: new TextEncoder().encode(stdout), stderr };
  }

  /** What was applied, in order. */
  applied(): (string | undefined)[] {
    return this.calls.filter(({ command }) => command.startsWith("apply"))
      .map(({ stdin }) => stdin);
  }

  #playOf(command: string): Play {
    if (command === "get --raw /version") return this.version;
    if (/^auth can-i create [a-z0-9.]+ --all-namespaces$/.test(command)) return this.canI;
    if (command === "apply --validate=false -f -") return this.apply;
    throw new Error(`Unexpected call: kubectl ${command}`);
  }
}

function callOf(args: string[], { stdin, signal }: ExecOptions): KubectlCall {
  const valueOf = (flag: string) =>
    args.find((arg) => arg.startsWith(`--${flag}=`))?.slice(flag.length + 3) ?? "";
  const command = args.filter((arg) => !/^--(kubeconfig|context|request-timeout)=/.test(arg));
  return {
    kubeconfig: valueOf("kubeconfig"),
    context: valueOf("context"),
    command: command.join(" "),
    stdin,
    signal,
  };
}
