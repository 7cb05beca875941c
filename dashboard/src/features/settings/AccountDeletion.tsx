import { DELETE_WORDS } from "@automna/contract/identity";
import { ERASE_AFTER_DAYS } from "@automna/core/identity/account-deletion";
import { useQuery } from "@tanstack/react-query";
import { usePlatform } from "../../api/api-context.tsx";
import { useDeleteAccount } from "../../api/billing-mutations.ts";
import { accountDeletionQuery } from "../../api/queries.ts";
import { Button } from "../../components/Button.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { formatDay } from "../../components/relative-time.ts";

/** The end of the account, and the way back from it while its data is there. */
export function AccountDeletion() {
  const { api } = usePlatform();
  const account = useQuery(accountDeletionQuery(api));
  const change = useDeleteAccount();
  if (account.isError)
    return <Trouble title={account.error.message} onRetry={() => void account.refetch()} busy={account.isFetching} />;
  if (account.data === undefined) return <Skeleton label="Loading the account" lines={1} />;
  const { deletion } = account.data;

  return (
    <div className="grid justify-items-start gap-3" data-testid="account-deletion" data-ending={deletion !== null}>
      {deletion === null ? (
        <ConfirmDialog
          trigger={<Button look="danger">Delete account</Button>}
          title="Delete your account?"
          consequence={`Your plan ends and your agent stops now. Its files and history, your key and your name are kept for ${ERASE_AFTER_DAYS} days, in which you can change your mind, and are then erased for good.`}
          confirmLabel="Delete account"
          typed={{ label: `Type “${DELETE_WORDS}”`, value: DELETE_WORDS }}
          busy={change.isPending}
          onConfirm={() => change.mutate(true)}
        />
      ) : (
        <>
          <p className="text-ink-2">
            Your account is being deleted: everything is erased on{" "}
            <strong className="font-medium text-ink">{formatDay(deletion.eraseAtMs)}</strong>.
          </p>
          {deletion.canUndo ? (
            <Button busy={change.isPending} onClick={() => change.mutate(false)}>
              Keep my account
            </Button>
          ) : null}
        </>
      )}
      {change.isError ? (
        <p role="alert" className="text-13 text-failing">
          {change.error.message}
        </p>
      ) : null}
    </div>
  );
}
