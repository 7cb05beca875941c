import { expect, test } from "vitest";
import { pickCommand, readCommands } from "./documents.ts";

test("commands of a section come in order, loops and continued lines as one, without their comments", () => {
  const commands = readCommands("compose/README.md", "Images");
  expect(commands).toHaveLength(3);
  expect(commands[0]).toMatch(/^for target in [\w -]+; do\ndocker build --target \$target .* \.\ndone$/);
  const networks = readCommands("docs/install.md", "Machines");
  expect(networks[0]).toMatch(/^docker network create --config-only .* automna-agents-config$/);
  expect(readCommands("compose/README.md", "Deploy and upgrade").join("\n")).not.toContain("#");
});

test("what is not there is an error, not an empty list", () => {
  expect(() => readCommands("compose/README.md", "Nowhere")).toThrow("no heading");
  expect(() => readCommands("docs/install.md", "Not yet")).toThrow("no commands");
  expect(() => pickCommand(["docker stack deploy a", "docker stack deploy b"], "docker stack")).toThrow("not one");
});
