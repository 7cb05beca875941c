import { putHandleSchema } from "@automna/contract/apps";
import { useState } from "react";
import { usePutHandle } from "../../api/mutations.ts";
import { Button } from "../../components/Button.tsx";
import { TextField } from "../../components/Field.tsx";

/** The owner's word in every address. */
export function HandleForm({ handle }: { handle: string }) {
  const put = usePutHandle();
  const [text, setText] = useState(handle);
  const [problem, setProblem] = useState<string>();
  const save = () => {
    const parsed = putHandleSchema.safeParse({ handle: text });
    if (!parsed.success) return setProblem(parsed.error.issues[0]?.message ?? "Choose another name.");
    setProblem(undefined);
    put.mutate(parsed.data.handle);
  };
  return (
    <form
      noValidate
      className="flex max-w-[30rem] flex-wrap items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div className="min-w-0 flex-1 basis-56">
        <TextField
          label="Name"
          value={text}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          error={problem ?? put.error?.message}
          hint={`Addresses look like app--${text.trim().toLowerCase() || handle}.…`}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
            put.reset();
          }}
        />
      </div>
      <Button type="submit" busy={put.isPending} disabled={text.trim() === handle} className="mt-[1.8rem]">
        Change
      </Button>
    </form>
  );
}
