/** What was measured, against its limit. */
export interface Measure {
  name: string;
  value: string;
  limit: string;
  /** Null where it could not be measured here. */
  isWithin: boolean | null;
}

const MEBIBYTE = 1024 * 1024;

/** A time as a multiple of another one of the same run. */
export function ratioMeasure(name: string, value: number, limit: number): Measure {
  return { name, value: value.toFixed(2), limit: limit.toFixed(2), isWithin: value <= limit };
}

/** @param bytes Null where the system does not tell. */
export function bytesMeasure(name: string, bytes: number | null, limitMib: number): Measure {
  return {
    name,
    value: bytes === null ? "unknown" : `${(bytes / MEBIBYTE).toFixed(0)} MiB`,
    limit: `${limitMib} MiB`,
    isWithin: bytes === null ? null : bytes <= limitMib * MEBIBYTE,
  };
}

/** One that needs a program which this machine does not have. */
export function skippedMeasure(name: string, limit: string, missing: readonly string[]): Measure {
  return { name, value: `no ${missing.join(", no ")}`, limit, isWithin: null };
}

/** A line for each, in columns. */
export function formatMeasures(measures: readonly Measure[]): string {
  const widthOf = (key: "name" | "value") =>
    Math.max(...measures.map((measure) => measure[key].length));
  const [nameWidth, valueWidth] = [widthOf("name"), widthOf("value")];
  return measures.map(({ name, value, limit, isWithin }) => {
    const verdict = isWithin === null ? "skipped" : isWithin ? "ok" : "ABOVE";
    return `${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}  limit ${limit}  ${verdict}\n`;
  }).join("");
}
