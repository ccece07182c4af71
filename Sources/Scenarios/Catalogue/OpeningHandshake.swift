extension Catalogue {
  @ListBuilder<Scenario> static var openingHandshake: [Scenario] { [Scenario]() }
}
