// Kabar for TypeScript: the routes, and the channels.

export { Kabar } from './client.js';
export type { Answer, Api, Arguments, CallOptions, ClientOptions, OperationId } from './client.js';
export type { components, operations } from './generated/openapi.js';
export type { RoomEvents, UserEvents } from './generated/channels.js';
export { KabarProblem } from './problem.js';
export type { ProblemBody } from './problem.js';
export { Refused, TypedChannel } from './channel.js';
export type { Off } from './listeners.js';
export { Realtime } from './realtime.js';
export type { PusherClient, RealtimeOptions, Reload } from './realtime.js';
export { TypingSignal } from './typing.js';
export { UnreadCounter } from './unread.js';
export type { Unread } from './unread.js';
