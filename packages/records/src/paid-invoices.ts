import type { Prisma } from "@automna/prisma/generated/client";

export type PaidInvoiceRecord = Prisma.PaidInvoiceGetPayload<object>;
