import { feedbackKinds, giveFeedbackSchema } from "@automna/contract/feedback";
import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { useForm, useWatch } from "react-hook-form";
import type { z } from "zod";
import { usePlatform } from "../../api/api-context.tsx";
import { Banner } from "../../components/Banner.tsx";
import { Button } from "../../components/Button.tsx";
import { TextAreaField } from "../../components/Field.tsx";
import { SegmentedControl } from "../../components/SegmentedControl.tsx";

type Feedback = z.input<typeof giveFeedbackSchema>;

const labels: Record<(typeof feedbackKinds)[number], string> = { idea: "Idea", problem: "Problem", praise: "Praise" };
const kinds = feedbackKinds.map((value) => ({ value, label: labels[value] }));

/** Words to the operator; what was written stays until it has arrived. */
export function FeedbackForm() {
  const { api } = usePlatform();
  const sending = useMutation({ mutationFn: (body: Feedback) => api.call("giveFeedback", { body }) });
  const form = useForm<Feedback>({
    resolver: zodResolver(giveFeedbackSchema),
    defaultValues: { kind: "idea", text: "", page: location.pathname },
  });
  const kind = useWatch({ control: form.control, name: "kind" });
  const send = form.handleSubmit((body) => sending.mutate(body, { onSuccess: () => form.resetField("text") }));
  return (
    <form noValidate onSubmit={(event) => void send(event)} className="grid justify-items-start gap-4">
      <SegmentedControl
        label="Kind of feedback"
        segments={kinds}
        value={kind}
        onChange={(chosen) => form.setValue("kind", chosen)}
      />
      <div className="w-full">
        <TextAreaField
          label="Your words"
          placeholder="What should be different?"
          error={form.formState.errors.text?.message}
          {...form.register("text")}
        />
      </div>
      {sending.isError ? <Banner tone="failing" title={sending.error.message} /> : null}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" busy={sending.isPending}>
          Send feedback
        </Button>
        <p role="status" className="text-13 text-ink-2">
          {sending.isSuccess ? "Thank you. A person reads it." : ""}
        </p>
      </div>
    </form>
  );
}
