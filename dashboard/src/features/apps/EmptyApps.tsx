import { Link } from "@tanstack/react-router";
import { buttonClass } from "../../components/Button.tsx";

/** Nothing is published yet: what an app is, and how one comes to be. */
export function EmptyApps({ agentName }: { agentName: string }) {
  return (
    <div
      data-testid="apps-empty"
      className="grid justify-items-start gap-4 rounded-large border border-line bg-raised p-6"
    >
      <div className="grid gap-1.5">
        <p className="font-medium text-ink">Nothing is published yet.</p>
        <p className="max-w-[34rem] text-ink-2">
          {agentName} can build small web apps and pages and put them online. Ask for one in the chat, for example “Make
          a page with our holiday plan and publish it”. It appears here with its own address.
        </p>
      </div>
      <Link to="/dashboard" className={buttonClass("primary")}>
        Ask in the chat
      </Link>
    </div>
  );
}
