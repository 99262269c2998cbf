// Made by scripts/generate.mjs from the server's documents; not to be edited.

import type { Route } from '../route.js';

export const routes = {
  authorizeChannel: {"method":"POST","path":"/api/pusher/auth","keyed":false,"waits":true,"body":"form"},
  closeRoom: {"method":"POST","path":"/api/chat/rooms/{roomId}/close","keyed":true,"waits":false},
  countNotifications: {"method":"GET","path":"/api/notifications/unread-count","keyed":false,"waits":true},
  countUnread: {"method":"GET","path":"/api/chat/unread-count","keyed":false,"waits":true},
  download: {"method":"GET","path":"/api/uploads/{id}","keyed":false,"waits":false,"file":true},
  getRoom: {"method":"GET","path":"/api/chat/rooms/{roomId}","keyed":false,"waits":true},
  listMembers: {"method":"GET","path":"/api/chat/rooms/{roomId}/members","keyed":false,"waits":true},
  listMessages: {"method":"GET","path":"/api/chat/messages","keyed":false,"waits":true},
  listRooms: {"method":"GET","path":"/api/chat/rooms","keyed":false,"waits":true},
  markRead: {"method":"POST","path":"/api/chat/read","keyed":true,"waits":false,"body":"json"},
  removeMember: {"method":"DELETE","path":"/api/chat/groups/{roomId}/members/{userId}","keyed":true,"waits":false},
  reopenRoom: {"method":"POST","path":"/api/chat/rooms/{roomId}/reopen","keyed":true,"waits":false},
  sendMessage: {"method":"POST","path":"/api/chat/send","keyed":true,"waits":false,"body":"json"},
  setTyping: {"method":"POST","path":"/api/chat/typing","keyed":false,"waits":true,"body":"json"},
  startRoom: {"method":"POST","path":"/api/chat/start","keyed":true,"waits":false,"body":"json"},
  sync: {"method":"GET","path":"/api/sync","keyed":false,"waits":false},
  upload: {"method":"POST","path":"/api/uploads","keyed":true,"waits":false,"body":"bytes"},
} as const satisfies Record<string, Route>;
