import type { FoundCustomers } from "@automna/contract/admin";
import { findCustomersSchema } from "@automna/contract/admin";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { foundCustomersQuery } from "../../api/admin.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { Button } from "../../components/Button.tsx";
import { TextField } from "../../components/Field.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { planWord, stateWords } from "./admin-texts.ts";

/** Finds a customer; what was looked for stands in the address, so that going back shows it again. */
export function SearchPage() {
  const { q = "" } = useSearch({ from: "/admin/" });
  const navigate = useNavigate();
  const [text, setText] = useState(q);
  const [problem, setProblem] = useState<string>();
  useDocumentTitle("Customers · Automna operators");

  function submit(event: FormEvent): void {
    event.preventDefault();
    const parsed = findCustomersSchema.safeParse({ q: text });
    setProblem(parsed.error?.issues[0]?.message);
    if (parsed.success) void navigate({ to: "/admin", search: { q: parsed.data.q } });
  }

  return (
    <>
      <h1 className="text-20 font-semibold tracking-tight">Customers</h1>
      <form noValidate role="search" onSubmit={submit} className="flex flex-wrap items-start gap-2">
        <div className="min-w-0 flex-1 basis-72">
          <TextField
            label="Find a customer"
            placeholder="ann@example.com"
            hint="E-mail, name, user id, agent id or Stripe's customer id."
            error={problem}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <Button type="submit" look="primary" className="mt-6.5 h-10">
          Find
        </Button>
      </form>
      {q === "" ? null : <Found q={q} />}
    </>
  );
}

function Found({ q }: { q: string }) {
  const { api } = usePlatform();
  const found = useQuery(foundCustomersQuery(api, q));
  if (found.isPending) return <Skeleton label="Looking for customers" />;
  if (found.data === undefined)
    return (
      <Trouble
        title={found.error?.message ?? "Customers could not be looked for."}
        onRetry={() => void found.refetch()}
        busy={found.isFetching}
      />
    );
  const { customers, isCut } = found.data;
  if (customers.length === 0) return <p className="text-ink-2">No customer fits “{q}”.</p>;
  return (
    <section aria-label="Found customers" className="grid gap-3">
      <ul data-testid="found-customers" className="grid divide-y divide-line border-y border-line">
        {customers.map((customer) => (
          <Row key={customer.userId} customer={customer} />
        ))}
      </ul>
      {isCut ? <p className="text-13 text-ink-3">There are more. Write more of what you look for.</p> : null}
    </section>
  );
}

function Row({ customer }: { customer: FoundCustomers["customers"][number] }) {
  const { userId, email, name, state, tier, agentPhase } = customer;
  return (
    <li>
      <Link
        to="/admin/customers/$userId"
        params={{ userId }}
        className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 rounded-corner px-2 py-3 transition-calm hover:bg-surface"
      >
        <span className="min-w-0">
          <span className="block truncate font-medium">{email}</span>
          <span className="block truncate text-13 text-ink-2">
            {name === "" ? "" : `${name} · `}
            <span className="font-mono text-12">{userId}</span>
          </span>
        </span>
        <span className="text-13 text-ink-2">
          {planWord(tier)} · {stateWords[state]} · {agentPhase === null ? "no agent" : `agent ${agentPhase}`}
        </span>
      </Link>
    </li>
  );
}
