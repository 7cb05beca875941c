import { packsSchema, type BillingView } from "@automna/contract/billing";
import { useState } from "react";
import { useBuyPacks } from "../../api/plan-mutations.ts";
import { Button } from "../../components/Button.tsx";
import { TextField } from "../../components/Field.tsx";
import { formatMoney } from "./billing-texts.ts";

/** How many packs, what they cost, and on to Stripe's page. */
export function CreditPacks({ pack }: { pack: BillingView["pack"] }) {
  const [text, setText] = useState("1");
  const [problem, setProblem] = useState<string>();
  const buy = useBuyPacks();
  const parsed = packsSchema.safeParse({ packs: text.trim() === "" ? Number.NaN : Number(text) });
  const packs = parsed.success ? parsed.data.packs : null;
  return (
    <form
      noValidate
      className="flex max-w-[30rem] flex-wrap items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (packs === null) setProblem(parsed.error?.issues[0]?.message ?? "Enter a number of packs.");
        else buy.mutate(packs);
      }}
    >
      <div className="min-w-0 flex-1 basis-48">
        <TextField
          label={`Packs of ${pack.credits.toLocaleString("en-US")} credits`}
          inputMode="numeric"
          value={text}
          hint={
            packs === null
              ? `${formatMoney(pack.priceCents)} each`
              : `${(packs * pack.credits).toLocaleString("en-US")} credits for ${formatMoney(packs * pack.priceCents)}`
          }
          error={problem ?? buy.error?.message}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
            buy.reset();
          }}
        />
      </div>
      <Button type="submit" className="mt-7" busy={buy.isPending || buy.isSuccess}>
        Buy
      </Button>
    </form>
  );
}
