import { AppWindow, Bot, Gauge, MessageSquareText, Settings2, type LucideIcon } from "lucide-react";

/** Where the rail, the bottom bar and the palette lead. */
export const destinations = [
  { to: "/dashboard", label: "General", phoneLabel: "Chat", Icon: MessageSquareText, group: "channels" },
  { to: "/dashboard/agent", label: "Agent", phoneLabel: "Agent", Icon: Bot, group: "pages" },
  { to: "/dashboard/apps", label: "Apps", phoneLabel: "Apps", Icon: AppWindow, group: "pages" },
  { to: "/dashboard/usage", label: "Usage", phoneLabel: "Usage", Icon: Gauge, group: "pages" },
  { to: "/dashboard/settings", label: "Settings", phoneLabel: "Settings", Icon: Settings2, group: "pages" },
] as const satisfies readonly {
  to: string;
  label: string;
  phoneLabel: string;
  Icon: LucideIcon;
  group: "channels" | "pages";
}[];
