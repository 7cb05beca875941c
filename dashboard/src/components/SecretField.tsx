import { Eye, EyeOff } from "lucide-react";
import { useState, type ComponentProps } from "react";
import { TextField } from "./Field.tsx";
import { IconButton } from "./IconButton.tsx";

/** A field for something that nobody should read over a shoulder, unless asked. */
export function SecretField(props: Omit<ComponentProps<typeof TextField>, "type" | "trailing">) {
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <TextField
      {...props}
      type={shown ? "text" : "password"}
      autoComplete="off"
      spellCheck={false}
      // Password managers would offer to keep it; it belongs to Automna's vault alone.
      data-1p-ignore
      data-lpignore="true"
      className="font-mono"
      trailing={
        <IconButton label={shown ? "Hide" : "Show"} aria-pressed={shown} onClick={() => setShown(!shown)}>
          <Icon aria-hidden className="size-4" />
        </IconButton>
      }
    />
  );
}
