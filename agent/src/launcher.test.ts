import { expect, test } from "vitest";
import { launch } from "./launcher.ts";

test("a gateway with a user of its own starts without any capability, and dies with agentd", () => {
  expect(launch(1_234, ["node", "x"])).toEqual(
    "setpriv --reuid 1234 --regid 1234 --clear-groups --inh-caps=-all --ambient-caps=-all --no-new-privs --pdeathsig KILL -- node x".split(
      " ",
    ),
  );
});

test("without one it starts as agentd itself", () => expect(launch(null, ["node", "x"])).toEqual(["node", "x"]));
