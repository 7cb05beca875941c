/** The agents behind the proxies: the same facts for the backend that proves them and for the ingress that checks. */
export interface Slot {
  slotId: string;
  agentId: string;
}

export interface BackendSettings {
  rootKey: string;
  slots: Slot[];
}

export const GENERATION = 1;
export const SMALL_BYTES = 1_000;
export const LARGE_BYTES = 1024 * 1024;
export const MESSAGE_BYTES = 128;

export const paths = { small: "/small", large: "/large", events: "/events" } as const;

export function makeSlots(count: number): Slot[] {
  return Array.from({ length: count }, (_, index) => {
    const name = String(index).padStart(20, "0");
    return { slotId: `slt_${name}`, agentId: `agt_${name}` };
  });
}
