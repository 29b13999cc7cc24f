export const greet = (who) => who;
