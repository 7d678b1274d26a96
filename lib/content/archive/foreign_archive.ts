import { UserError } from "../../errors.ts";

/** An archive of another program, as the names of its members tell. */
interface ForeignKind {
  /** Every one of these has to be there. */
  signs: RegExp[];
  what: string;
  /** `FILE` stands for the archive. */
  hint: string;
}

/**
 * What people take for a bundle. One with images of its own below a folder is none either: the rest
 * of it would be lost without a word.
 */
const KINDS: ForeignKind[] = [
  {
    signs: [/^zarf\.yaml$/],
    what: "a package of Zarf",
    hint:
      "Deploy it with zarf; of its images alone a bundle is made when it is unpacked: give its " +
      "folder images/",
  },
  {
    signs: [/^bundle\.json$/, /^artifacts\//],
    what: "a CNAB bundle",
    hint: "Its images are an OCI layout: unpack it, and give its folder artifacts/layout",
  },
  // Its links to layers end the reading before its list comes.
  ...[[/^manifest\.json$/, /^(sha256:)?[0-9a-f]{64}(\.|\/|$)/], [/^[0-9a-f]{64}\/layer\.tar$/]].map(
    (signs) => ({
      signs,
      what: "images as docker save writes them",
      hint:
        "Make an OCI layout of it: skopeo copy docker-archive:FILE oci-archive:NEW.tar:NAME:TAG",
    }),
  ),
  {
    signs: [/(^|\/)docker\/registry\/v2\//],
    what: "the storage of a registry",
    hint: "Serve it with a registry, then name its images in the packs that need them",
  },
  {
    signs: [/^(?!spc\/)[^/]+\/pack\.json$|^pack\.json$/],
    what: "a pack",
    hint: "Build a bundle of it: palette content build --packs FILE",
  },
  {
    signs: [/^[^/]+\/Chart\.yaml$/],
    what: "a Helm chart",
    hint: "Name it in pack.content of a pack, then build a bundle of that: palette content build " +
      "--packs PACK",
  },
  {
    signs: [/^spc\//],
    what: "a cluster definition",
    hint: "Upload it with palette content upload --cluster-export",
  },
];

/** A member that no archive of ours has, and that ends the reading of it. */
export class RefusedMember extends RangeError {
  override readonly name = "RefusedMember";

  constructor(readonly member: string, reason: string) {
    super(`its member "${member}" is ${reason}`);
  }
}

/** The error of an archive that is of another program; null for one of no known kind. */
export function foreignArchive(names: Iterable<string>, place: string): UserError | null {
  const all = [...names];
  const kind = KINDS.find(({ signs }) =>
    signs.every((sign) => all.some((name) => sign.test(name)))
  );
  if (kind === undefined) return null;
  return new UserError("validation", `"${place}" is no bundle: it looks like ${kind.what}`, {
    hint: kind.hint.replace("FILE", () => place),
  });
}
