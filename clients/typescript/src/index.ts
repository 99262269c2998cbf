// Kabar for TypeScript: the routes, and the channels.

export { Kabar } from './client.js';
export type { Answer, Api, Arguments, CallOptions, ClientOptions, OperationId } from './client.js';
export type { components, operations } from './generated/openapi.js';
export type { RoomEvents, UserEvents } from './generated/channels.js';
export { KabarProblem } from './problem.js';
export type { ProblemBody } from './problem.js';
export { Realtime, TypedChannel } from './realtime.js';
export type { Off, PusherClient, RealtimeOptions, Refused, Reload } from './realtime.js';
export { TypingSignal } from './typing.js';
export { UnreadCounter } from './unread.js';
export type { Unread } from './unread.js';
