import type { OperatorAction, OperatorActionType } from "@automna/core/operators/operator-action";
import type { ActionContext, ActionDeps, ActionExecutor } from "./action.ts";
import { executeCompTier, executeEndComp } from "./comp-tier.ts";
import { executeRestartAgent, executeStartAgent, executeStopAgent } from "./control-agent.ts";
import { executeGrantCredits } from "./grant-credits.ts";
import { executeRefund } from "./refund-payment.ts";
import { executeCloseSupport, executeOpenSupport } from "./support-access.ts";
import { executeSuspend, executeUnsuspend } from "./suspend-user.ts";

/** An executor for each action, no more and no fewer. */
const executors: { [Type in OperatorActionType]: ActionExecutor<Type> } = {
  grant_credits: executeGrantCredits,
  refund: executeRefund,
  comp_tier: executeCompTier,
  end_comp: executeEndComp,
  suspend: executeSuspend,
  unsuspend: executeUnsuspend,
  start_agent: executeStartAgent,
  stop_agent: executeStopAgent,
  restart_agent: executeRestartAgent,
  open_support: executeOpenSupport,
  close_support: executeCloseSupport,
};

export async function execute(deps: ActionDeps, context: ActionContext, action: OperatorAction): Promise<void> {
  // An action and its executor belong to the same type; over all of them at once the type system can't follow that.
  const executor = executors[action.type] as ActionExecutor<OperatorActionType>;
  await executor(deps, context, action as never);
}
