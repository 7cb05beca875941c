/** What Stripe has, or null where it says that there is no such thing. Any other failure throws. */
export async function findOrNull<Found>(find: () => Promise<Found>): Promise<Found | null> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "resource_missing") return null;
    throw error;
  }
}
