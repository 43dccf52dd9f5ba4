/** Its message is a whole answer for the person at the terminal; a stack would only hide it. */
export class FriendlyError extends Error {}
