import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { findSpec } from "./contract-files.ts";
import { openContract, type ContractAnswer } from "./contract.ts";
import { modelList } from "./fakes/anthropic-answers.ts";
import { STRIPE_DESCRIPTIONS } from "./fakes/stripe/fake-stripe.ts";
import { STRIPE_STUBS } from "./fakes/stripe/stub-schemas.ts";

const FILES = ["anthropic-from-sdk.openapi.json"];
const request = { method: "GET", path: "/v1/models", headers: { "anthropic-version": "2023-06-01", "x-api-key": "k" } };
const good: ContractAnswer = { status: 200, body: modelList(["claude-sonnet-4-5"]) };
const open = () => openContract({ vendor: "Anthropic", files: FILES });

// A validator that fails open would let every fake lie: each of these must be noticed.
const broken: Record<string, ContractAnswer> = {
  "a missing field": { status: 200, body: { data: [], has_more: false, first_id: null } },
  "a wrong type": { status: 200, body: { ...modelList([]), has_more: "no" } },
  "a wrong value of an enum": {
    status: 200,
    body: { ...modelList([]), data: [{ ...modelList(["a"]).data[0], lifecycle: "immortal" }] },
  },
  "an error without its envelope": { status: 401, body: { message: "invalid x-api-key" } },
  "an error type that does not exist": {
    status: 401,
    body: { type: "error", error: { type: "sorry", message: "no" } },
  },
  "a status that is not described": { status: 302, body: {} },
};

test.skipIf(findSpec(FILES) === null)("a good request and a good answer keep the contract", async () => {
  const contract = await open();
  contract.checkRequest(request);
  contract.checkAnswer(request, good);
  contract.checkAnswer(request, {
    status: 401,
    body: { type: "error", error: { type: "authentication_error", message: "no" } },
  });
  expect(contract.violations).toEqual([]);
  expect(contract.isChecked).toBe(true);
});

for (const [name, answer] of Object.entries(broken)) {
  test.skipIf(findSpec(FILES) === null)(`${name} in an answer is noticed`, async () => {
    const contract = await open();
    contract.checkAnswer(request, answer);
    expect(contract.violations).not.toEqual([]);
    expect(() => contract.assertKept()).toThrow(/description was broken/);
  });
}

test.skipIf(findSpec(FILES) === null)(
  "a request without a required header and an unknown address are noticed",
  async () => {
    const contract = await open();
    contract.checkRequest({ ...request, headers: {} });
    contract.checkRequest({ ...request, path: "/v1/everything" });
    expect(contract.violations).toHaveLength(2);
  },
);

test.skipIf(findSpec(FILES) === null)("a description in YAML is read as well", async () => {
  const folder = await mkdtemp(join(tmpdir(), "automna-contract-"));
  const path = join(folder, "anthropic.openapi.yml");
  // JSON is YAML.
  await copyFile(findSpec(FILES) ?? "", path);
  const contract = await openContract({ vendor: "Anthropic", files: FILES, path });
  contract.checkAnswer(request, good);
  expect(contract.violations).toEqual([]);
  contract.checkAnswer(request, { status: 200, body: {} });
  expect(contract.violations).not.toEqual([]);
  await rm(folder, { recursive: true });
});

test.skipIf(findSpec(STRIPE_DESCRIPTIONS) === null)(
  "what a description only names is checked by what else is known of it",
  async () => {
    const lie = { id: "cbtxn_1", object: "customer_balance_transaction", amount: "soon" };
    const to = { method: "POST", path: "/v1/customers/cus_1/balance_transactions", headers: {} };
    const open = (stubs: typeof STRIPE_STUBS | undefined) =>
      openContract({ vendor: "Stripe", files: STRIPE_DESCRIPTIONS, isForm: true, ...(stubs && { stubs }) });
    const [bare, filled] = [await open(undefined), await open(STRIPE_STUBS)];
    for (const contract of [bare, filled]) contract.checkAnswer(to, { status: 200, body: lie });
    expect(bare.violations).toEqual([]);
    expect(filled.violations.join()).toContain("/amount must be number");
  },
);

test("a machine without the description says loudly that nothing is checked", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const contract = await openContract({ vendor: "Anthropic", files: FILES, path: null });
  contract.checkAnswer(request, { status: 200, body: "nonsense" });
  expect(contract.isChecked).toBe(false);
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^contract: not checked: Anthropic's description/));
  warn.mockRestore();
});
