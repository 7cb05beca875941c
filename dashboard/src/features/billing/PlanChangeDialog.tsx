import type { PlanPreview } from "@automna/contract/billing";
import type { Tier } from "@automna/core/tiers/catalogue";
import { AlertDialog } from "radix-ui";
import { useEffect } from "react";
import { useChangePlan, usePlanPreview } from "../../api/plan-mutations.ts";
import { Button, buttonClass } from "../../components/Button.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { formatDay } from "../../components/relative-time.ts";
import { changeSentences, formatMoney, planLabel } from "./billing-texts.ts";

/** Shows what a change costs, by Stripe's own reckoning, and carries it out when the customer agrees to that price. */
export function PlanChangeDialog({ tier, onClose }: { tier: Tier; onClose(): void }) {
  const preview = usePlanPreview();
  const change = useChangePlan();
  const { mutate: look } = preview;
  useEffect(() => look(tier), [look, tier]);
  const again = () => {
    change.reset();
    look(tier);
  };
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 animate-fade bg-veil" />
        <AlertDialog.Content className="fixed left-1/2 top-1/2 z-50 grid max-h-[calc(100dvh-2rem)] w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 animate-fade gap-5 overflow-y-auto rounded-large border border-line bg-raised p-6 shadow-float">
          <AlertDialog.Title className="text-16 font-semibold">{titleOf(tier, preview.data)}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="grid min-h-28 content-start gap-4">
              {preview.isError ? (
                <Trouble title={preview.error.message} onRetry={again} busy={preview.isPending} />
              ) : preview.data ? (
                <Cost preview={preview.data} />
              ) : (
                <Skeleton label="Working out the price" />
              )}
              {change.isError ? <Trouble title={change.error.message} onRetry={again} /> : null}
            </div>
          </AlertDialog.Description>
          <div className="flex flex-wrap justify-end gap-2">
            <AlertDialog.Cancel className={buttonClass("quiet")}>Leave it as it is</AlertDialog.Cancel>
            <Button
              look="primary"
              disabled={preview.data === undefined || change.isError}
              busy={change.isPending}
              onClick={() => preview.data && change.mutate(preview.data, { onSuccess: onClose })}
            >
              {confirmLabel(preview.data)}
            </Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

function Cost({ preview }: { preview: PlanPreview }) {
  return (
    <>
      <ul data-testid="plan-cost" className="grid gap-1.5 text-ink-2">
        {changeSentences(preview, formatDay).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {preview.lines.length === 0 ? null : (
        <dl data-figures className="grid gap-1 border-t border-line pt-3 text-13 text-ink-3">
          {preview.lines.map(({ text, amountCents }, index) => (
            <div key={index} className="flex justify-between gap-6">
              <dt className="min-w-0 truncate" title={text}>
                {text}
              </dt>
              <dd className="shrink-0">{formatMoney(amountCents, preview.currency)}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

function titleOf(tier: Tier, preview: PlanPreview | undefined): string {
  return preview?.kind === "keep" ? `Keep ${planLabel(tier)}?` : `Change to ${planLabel(tier)}?`;
}

function confirmLabel(preview: PlanPreview | undefined): string {
  if (preview === undefined) return "Change plan";
  const { kind, dueNowCents, currency } = preview;
  if (kind === "upgrade") return `Pay ${formatMoney(dueNowCents, currency)} and change`;
  return kind === "keep" ? "Keep plan" : "Change plan";
}
