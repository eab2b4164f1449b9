/** What the reference's ticket page asks, with the reference's names. An app that has a GraphQL server adds these to its own schema. */
import { buildSchema } from 'graphql';

export const schema = buildSchema(`
  type Ticket {
    id: ID!
    title: String!
    status: String!
    createdAt: String!
  }

  type User {
    id: ID!
    name: String!
    icon: String
  }

  type Session {
    id: ID!
    ticketID: ID!
    "running while a turn of it runs or waits, else completed"
    status: String!
    "web, cli, slack, or system for remarks of the app"
    source: String!
    userID: String!
    user: User
    query: String
    slackURL: String
    intent: String
    createdAt: String!
    updatedAt: String!
  }

  type MessageAuthor {
    userID: String!
    displayName: String!
    slackUserID: String
  }

  type MessageRevision {
    content: String!
    updatedAt: String!
  }

  type SessionMessage {
    id: ID!
    sessionID: ID!
    turnID: ID
    ticketID: ID!
    type: String!
    content: String!
    author: MessageAuthor
    createdAt: String!
    updatedAt: String!
    revisions: [MessageRevision!]!
  }

  type HITLRequest {
    id: ID!
    sessionID: ID!
    type: String!
    status: String!
    "JSON"
    payload: String!
    "JSON"
    response: String
    userID: String!
    createdAt: String!
    respondedAt: String
  }

  type Query {
    ticket(id: ID!): Ticket
    ticketSessions(ticketId: ID!): [Session!]!
    session(id: ID!): Session
    "The last 500 at most, oldest first"
    sessionMessages(sessionId: ID!): [SessionMessage!]!
    "Of all sessions of the ticket, oldest first"
    ticketSessionMessages(ticketId: ID!, source: String, type: String, offset: Int, limit: Int): [SessionMessage!]!
    "What the reference has no query for: the prompts of a ticket"
    ticketHITLRequests(ticketId: ID!, status: String): [HITLRequest!]!
    hitlRequest(id: ID!): HITLRequest
  }

  type Mutation {
    resolveHITLRequest(id: ID!, approved: Boolean!, answer: String, comment: String): HITLRequest!
  }
`);
