// Made by scripts/generate.mjs from the server's documents; not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Message: {
            content: string;
        };
        MessageRead: {
            upToSeq: number;
        };
        Unread: {
            chat: number;
            notifications: number;
            position: string;
        };
        UserTyping: {
            isTyping: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

/** x. On `private-user-{userId}`. */
export interface UserEvents {
  /** x */
  "unread": components["schemas"]["Unread"];
}

/** y. On `r`. */
export interface RoomEvents {
  /** x */
  "new-message": components["schemas"]["Message"];
  /** x */
  "message-read": components["schemas"]["MessageRead"];
  /** x */
  "user-typing": components["schemas"]["UserTyping"];
}
