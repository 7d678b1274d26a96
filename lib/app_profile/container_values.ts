import { Document, isMap, parseDocument } from "yaml";
import type { ContainerDocument } from "./app_profile_file.ts";

const TIER = "{{.spectro.system.appdeployment.tiername}}";

/**
 * The values of the container pack for a container: its own values, with what the short form says in
 * place of `containerService`. Palette fills in the name of the tier at deployment.
 * @param packValues As the pack brings them; empty when it brings none.
 */
export function containerValues(container: ContainerDocument, packValues: string): string {
  const parsed = parseDocument(packValues);
  const document = isMap(parsed.contents) && parsed.errors.length === 0 ? parsed : new Document({
    pack: { namespace: `${TIER}-ns`, releaseNameOverride: TIER },
    postReadinessHooks: { outputParameters: [] },
  });
  document.set("containerService", document.createNode(serviceOf(container)));
  return document.toString({ lineWidth: 0 });
}

function serviceOf(container: ContainerDocument): Record<string, unknown> {
  const { volume, env } = container;
  return {
    serviceName: `${TIER}-svc`,
    registryUrl: container.registryUrl,
    image: container.image,
    access: container.access,
    replicas: container.replicas,
    ports: container.ports,
    serviceType: "LoadBalancer",
    ...(env.length === 0 ? {} : { env }),
    ...(container.command.length === 0 ? {} : { command: container.command }),
    ...(container.args.length === 0 ? {} : { args: container.args }),
    ...(volume === null ? {} : {
      volumeName: volume.name,
      volumeSize: volume.size,
      pathToMount: volume.mountPath,
    }),
  };
}
