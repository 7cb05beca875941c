import type { DeployAgent } from "@automna/contract/agents";
import { PLANS_PATH } from "@automna/contract/paths";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAgent } from "../../agents/use-agent.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { useDeployAgent } from "../../api/mutations.ts";
import { billingQuery, meQuery } from "../../api/queries.ts";
import { Logo } from "../../components/Logo.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { DeployStep } from "./DeployStep.tsx";
import { ModelStep } from "./ModelStep.tsx";
import { NameStep } from "./NameStep.tsx";
import { StepList } from "./StepList.tsx";
import { currentStep } from "./wizard-step.ts";

/** From nothing to an agent that answers: model, name, deploy. */
export function OnboardingPage() {
  const { api } = usePlatform();
  const { data: me } = useQuery(meQuery(api));
  const billing = useQuery(billingQuery(api));
  const agent = useAgent();
  const deploy = useDeployAgent();
  const [chosen, setChosen] = useState<"model" | "name">("model");
  const [modelSource, setModelSource] = useState<ModelSource>("byok");
  useDocumentTitle("Set up your agent · Automna");
  if (agent === undefined || me === undefined || (billing.data === undefined && !billing.isError)) return null;
  if (agent === null && billing.data?.refusal === "plan_needed") return <Navigate to={PLANS_PATH} replace />;

  const step = currentStep(chosen, agent);
  function start(values: Pick<DeployAgent, "name" | "personality">): void {
    deploy.mutate({ ...values, modelSource });
  }

  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-[34rem] flex-col px-5 pb-16">
      <header className="flex h-16 items-center justify-between">
        <Link to="/" aria-label="Automna, start page" className="rounded-corner">
          <Logo />
        </Link>
        <p className="truncate pl-4 text-13 text-ink-3" title={me.user.email}>
          {me.user.email}
        </p>
      </header>
      <main id="main" tabIndex={-1} className="grid gap-10 pt-[6vh] outline-none">
        <StepList current={step} />
        {step === "model" ? (
          <ModelStep
            storedKey={me.key}
            source={modelSource}
            onSource={setModelSource}
            onDone={() => setChosen("name")}
          />
        ) : step === "name" ? (
          <NameStep onBack={() => setChosen("model")} onDeploy={start} busy={deploy.isPending} error={deploy.error} />
        ) : agent === null ? null : (
          <DeployStep agent={agent} />
        )}
      </main>
    </div>
  );
}
