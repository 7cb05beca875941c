import type { Contract, ContractAnswer, ContractRequest } from "@automna/testkit/contract";
import type { ScenarioContext } from "../harness/scenario.ts";

export interface Exchange {
  /** Name of the operation in the report. */
  route: string;
  request: ContractRequest;
  answer: ContractAnswer;
}

type Body = Readonly<Record<string, unknown>>;

/** Ways to lie that a stand-in might slip into; null where the body has nothing of the kind. */
const lies: Readonly<Record<string, (body: Body) => Body | null>> = {
  "a field is missing": (body) => {
    const name = ["object", "data", "keys", "error", "errors"].find((field) => field in body);
    if (name === undefined) return null;
    const { [name]: _gone, ...rest } = body;
    return rest;
  },
  "a number is text": (body) => {
    const name = Object.keys(body).find((field) => typeof body[field] === "number" || typeof body[field] === "boolean");
    return name === undefined ? null : { ...body, [name]: "soon" };
  },
  "an object is of another kind": (body) => ("object" in body ? { ...body, object: "surprise" } : null),
};

/** A validator that fails open would let every stand-in lie: each lie about each operation must be noticed. */
export function tellLies(
  ctx: ScenarioContext,
  contract: Contract,
  exchanges: readonly Exchange[],
  /** Lies that the description itself allows, with the reason. One that it no longer allows has to go from the list. */
  permitted: Readonly<Record<string, string>> = {},
): void {
  let [told, noticed] = [0, 0];
  const missed: string[] = [];
  for (const { route, request, answer } of exchanges) {
    for (const [name, lie] of Object.entries(lies)) {
      const body = lie(answer.body as Body);
      if (body === null) continue;
      const before = contract.violations.length;
      contract.checkAnswer(request, { ...answer, body });
      told += 1;
      if (contract.violations.length > before) noticed += 1;
      else missed.push(`${route}: ${name}`);
    }
  }
  ctx.figure("broken answers told", told, "answers");
  ctx.figure("of them noticed", noticed, "answers");
  const wrong = [
    ...missed.filter((lie) => !Object.hasOwn(permitted, lie)),
    ...Object.keys(permitted).filter((lie) => !missed.includes(lie)),
  ];
  ctx.hold(
    told > 0 && wrong.length === 0,
    `every broken answer is noticed, but ${Object.keys(permitted).length} that the description allows`,
    wrong,
  );
}
