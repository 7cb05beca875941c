import { peopleRoutes } from "@automna/contract/people-routes";
import { joinWaitlistSchema } from "@automna/contract/waitlist";
import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import type { z } from "zod";
import { usePlatform } from "../../api/api-context.tsx";
import { Button } from "../../components/Button.tsx";
import { TextField } from "../../components/Field.tsx";

type Joining = z.input<typeof joinWaitlistSchema>;

/** Asks for a place. Without JavaScript the form goes to the same address and is answered with a page. */
export function WaitlistForm() {
  const { api } = usePlatform();
  const joining = useMutation({ mutationFn: (body: Joining) => api.call("joinWaitlist", { body }) });
  const form = useForm<Joining>({
    resolver: zodResolver(joinWaitlistSchema),
    defaultValues: { email: "", website: "" },
  });
  const join = form.handleSubmit((body) => joining.mutate(body));
  const trouble = form.formState.errors.email?.message ?? (joining.isError ? joining.error.message : undefined);
  if (joining.isSuccess)
    return (
      <p role="status" className="max-w-[36rem] text-16 sm:text-20">
        Please look into your mail. If this address is not on the list yet, a mail with a link is on its way to it.
      </p>
    );
  return (
    <form
      method="post"
      action={peopleRoutes.joinWaitlist.path}
      onSubmit={(event) => void join(event)}
      className="grid max-w-md gap-3 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-end"
    >
      <TextField
        label="E-mail"
        type="email"
        required
        maxLength={254}
        autoComplete="email"
        placeholder="you@example.com"
        error={trouble}
        className="h-11"
        {...form.register("email")}
      />
      {/* Nobody sees it: only programs fill it in. */}
      <div aria-hidden className="absolute -left-[9999px]">
        <label>
          Website
          <input tabIndex={-1} autoComplete="off" {...form.register("website")} />
        </label>
      </div>
      <Button type="submit" size="large" busy={joining.isPending} className={trouble === undefined ? "" : "sm:mb-6"}>
        Join the waitlist
      </Button>
    </form>
  );
}
