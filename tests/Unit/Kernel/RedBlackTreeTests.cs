// The red-black tree against a sorted list: order, both ends, searches, augmented values, and the colours' rules after every step.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Structures;
using Xunit;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class RedBlackTreeTests
{
    private sealed class Item
    {
        public int Key, Largest;
        public TreeLinks<Item> Links;
    }

    private readonly struct ByKey : ITreeItem<Item>
    {
        public static ref TreeLinks<Item> Links(Item item) => ref item.Links;
        public static int Compare(Item a, Item b) => a.Key.CompareTo(b.Key);
        public static bool IsAugmented => true;

        public static void Augment(Item item, Item? left, Item? right) => item.Largest = LargestOf(item, left, right);
    }

    private readonly struct Lookup : ITreeKey<Item, int>
    {
        public static int Compare(int key, Item item) => key.CompareTo(item.Key);
    }

    [Theory]
    [InlineData(0, 40)]
    [InlineData(1, 50)]
    [InlineData(2, 55)]
    [InlineData(3, 70)]
    public void It_keeps_what_a_sorted_list_keeps(int seed, int insertPercent)
    {
        for (var round = 0; round < 40; round++)
        {
            var random = new Random(seed * 1000 + round);
            var tree = default(RedBlackTree<Item, ByKey>);
            var model = new List<Item>();
            for (var step = 0; step < 300; step++)
            {
                if (model.Count == 0 || random.Next(100) < insertPercent)
                    Insert(ref tree, model, new Item { Key = random.Next(80) });
                else
                    Remove(ref tree, model, random.Next(model.Count));
                Compare(tree, model, random.Next(80));
            }
        }
    }

    private static void Insert(ref RedBlackTree<Item, ByKey> tree, List<Item> model, Item item)
    {
        tree.Insert(item);
        model.Insert(model.FindLastIndex(other => other.Key <= item.Key) + 1, item);
    }

    private static void Remove(ref RedBlackTree<Item, ByKey> tree, List<Item> model, int index)
    {
        tree.Remove(model[index]);
        Assert.False(RedBlackTree<Item, ByKey>.IsLinked(model[index]));
        model.RemoveAt(index);
    }

    private static void Compare(RedBlackTree<Item, ByKey> tree, List<Item> model, int key)
    {
        Assert.Equal(model.Count, tree.Count);
        var at = tree.First;
        foreach (var item in model)
        {
            Assert.Same(item, at);
            at = RedBlackTree<Item, ByKey>.Next(at!);
        }

        Assert.Null(at);
        at = tree.Last;
        for (var i = model.Count - 1; i >= 0; i--)
        {
            Assert.Same(model[i], at);
            at = RedBlackTree<Item, ByKey>.Previous(at!);
        }

        Assert.Same(model.Find(item => item.Key >= key), tree.FindAtOrAfter<int, Lookup>(key));
        Assert.Same(model.FindLast(item => item.Key <= key), tree.FindAtOrBefore<int, Lookup>(key));
        Assert.Equal(model.Exists(item => item.Key == key), tree.Find<int, Lookup>(key) is not null);
        Assert.False(tree.Root is { Links.IsRed: true });
        BlackHeight(tree.Root);
    }

    private static int BlackHeight(Item? item)
    {
        if (item is null)
            return 1;
        var left = item.Links.Left;
        var right = item.Links.Right;
        Assert.True(left is null || left.Links.Parent == item);
        Assert.True(right is null || right.Links.Parent == item);
        Assert.False(item.Links.IsRed && (left is { Links.IsRed: true } || right is { Links.IsRed: true }), "two red items in a row");
        Assert.Equal(LargestOf(item, left, right), item.Largest);
        var height = BlackHeight(left);
        Assert.Equal(height, BlackHeight(right));
        return item.Links.IsRed ? height : height + 1;
    }

    private static int LargestOf(Item item, Item? left, Item? right) =>
        Math.Max(item.Key, Math.Max(left?.Largest ?? int.MinValue, right?.Largest ?? int.MinValue));
}
