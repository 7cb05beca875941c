import { z } from "zod";

export const feedbackKinds = ["idea", "problem", "praise"] as const;

/** POST /api/feedback. */
export const giveFeedbackSchema = z.strictObject({
  kind: z.enum(feedbackKinds),
  text: z.string().trim().min(3, "Please write a few words.").max(4_000, "At most 4,000 characters."),
  /** Path of the page that it was written on. */
  page: z
    .string()
    .max(200)
    .regex(/^\/[\w/-]*$/),
});

/** GET /api/admin/feedback: newest first. */
export const feedbackListSchema = z.object({
  feedback: z.array(
    z.object({
      id: z.string(),
      userId: z.string(),
      email: z.string(),
      kind: z.string(),
      text: z.string(),
      page: z.string(),
      createdAtMs: z.number().int(),
    }),
  ),
});
