import "@fontsource-variable/fraunces/wght.css";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { EnterLink, PublicHeader } from "../../layouts/PublicHeader.tsx";
import { Comparison } from "./Comparison.tsx";
import { FirstMinute } from "./FirstMinute.tsx";
import { PlanTable } from "./PlanTable.tsx";
import { WaitlistForm } from "./WaitlistForm.tsx";

const qualities = [
  {
    title: "Private",
    text: "Your agent runs in a place of its own, with its own files and memory. No other customer shares it, and your key is sealed: nobody can read it back, you included.",
  },
  {
    title: "Always on",
    text: "It keeps running when you close the tab. Come back tomorrow, on another device: the conversation and what it remembers are where you left them.",
  },
  {
    title: "Autonomous",
    text: "A full OpenClaw agent, not a chat box: it plans, uses tools, writes and runs code, and keeps at a task until it is done or needs you.",
  },
] as const;

export function LandingPage() {
  useDocumentTitle("Automna: your own, private, fully autonomous AI agent");
  return (
    <div className="flex min-h-dvh flex-col">
      <PublicHeader />
      <main className="mx-auto w-full max-w-6xl flex-1 px-5 sm:px-8">
        <section className="grid items-end gap-x-16 gap-y-12 pb-20 pt-14 sm:pt-24 lg:grid-cols-[minmax(0,1fr)_22rem]">
          <div className="grid justify-items-start gap-8">
            <h1 className="font-display text-40 leading-[1.08] tracking-[-0.02em] sm:text-64">
              Your own, private, fully autonomous AI agent.{" "}
              <span className="text-accent-text">Working&nbsp;in&nbsp;60&nbsp;s.</span>
            </h1>
            <p className="max-w-[36rem] text-16 text-ink-2 sm:text-20">
              Bring an Anthropic API key, give your agent a name, press one button. It gets a place of its own, starts,
              and waits for your first task.
            </p>
            <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
              <EnterLink size="large" look="primary" />
              <a href="#waitlist" className="text-16 text-accent-text underline-offset-4 hover:underline">
                No account yet? Join the waitlist
              </a>
            </div>
          </div>
          <FirstMinute />
        </section>

        <section aria-label="What it is" className="grid gap-x-12 gap-y-10 border-t border-line py-16 md:grid-cols-3">
          {qualities.map((quality) => (
            <div key={quality.title} className="grid content-start gap-3">
              <h2 className="font-display text-28">{quality.title}</h2>
              <p className="text-16 text-ink-2">{quality.text}</p>
            </div>
          ))}
        </section>

        <section aria-labelledby="plans" className="border-t border-line py-16">
          <h2 id="plans" className="font-display text-28 sm:text-40">
            Plans
          </h2>
          <p className="mt-3 max-w-[36rem] text-16 text-ink-2">
            Every plan is one agent with its own memory and files, and takes an Anthropic key of your own.
          </p>
          <PlanTable />
        </section>

        <section aria-labelledby="comparison" className="border-t border-line py-16">
          <h2 id="comparison" className="font-display text-28 sm:text-40">
            Why not something else?
          </h2>
          <Comparison />
        </section>

        <section aria-labelledby="waitlist" className="grid gap-6 border-t border-line py-16">
          <div>
            <h2 id="waitlist" className="font-display text-28 sm:text-40">
              Get a place
            </h2>
            <p className="mt-3 max-w-[36rem] text-16 text-ink-2">
              Places come in small batches. Leave your address: we write once to confirm it and once when it is your
              turn. You can leave at any time, and then we forget it.
            </p>
          </div>
          <WaitlistForm />
        </section>
      </main>
      <footer className="mx-auto flex w-full max-w-6xl flex-wrap justify-between gap-2 px-5 py-8 text-13 text-ink-3 sm:px-8">
        <span>Automna</span>
        <span>Built on OpenClaw</span>
      </footer>
    </div>
  );
}
