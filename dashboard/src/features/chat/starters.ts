/** First messages for who has none: each shows something that a chat box could not do. */
export const starters = [
  "What can you do for me? Give me three examples.",
  "Make a file with a plan for my week and show it to me.",
  "Write a small script that renames photos by date, and test it.",
  "Ask me five questions to get to know how I work.",
] as const;
